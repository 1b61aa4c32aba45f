#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace lockstep {

// So many epochs, or so many steps. Exactly one of the two is above 0.
struct Interval {
  int64_t epochs = 0;
  int64_t steps = 0;
};

struct ConstantDecay {};

// `factor` once more after each interval.
struct StepDecay {
  Interval every;
  double factor = 1;
};

// `factor` once more after each of the milestones, which ascend.
struct MultiStepDecay {
  std::vector<Interval> milestones;
  double factor = 1;
};

// `factor` once more after each epoch.
struct ExponentialDecay {
  double factor = 1;
};

// (1 + gamma * steps done)^-power: Caffe's "inv".
struct InverseDecay {
  double gamma = 0;
  double power = 1;
};

// From 1 at the end of the warm-up to final_factor at the end of the run, along (1 - x)^power:
// Caffe's "poly".
struct PolynomialDecay {
  double power = 1;
  double final_factor = 0;
};

// Half a cosine from 1 at the end of the warm-up to final_factor at the end of the run (Loshchilov
// and Hutter 2017, without restarts).
struct CosineDecay {
  double final_factor = 0;
};

// From start_factor in the first step after the warm-up to 1, and down to final_factor in the run's
// last step (Smith and Topin 2018), as PyTorch's OneCycleLR without a third phase. Each way is half
// a cosine, or a straight line.
struct OneCycle {
  double peak_at = 0.3;  // part of the cycle's steps after which the rate is highest
  double start_factor = 0.04;
  double final_factor = 4e-6;
  bool linear = false;
};

// A straight line from start_factor, just before the first step, to 1 in the interval's last step
// (Goyal et al. 2017).
struct Warmup {
  Interval length;
  double start_factor = 0;
};

struct ScheduleOptions {
  std::variant<ConstantDecay, StepDecay, MultiStepDecay, ExponentialDecay, InverseDecay,
               PolynomialDecay, CosineDecay, OneCycle>
      decay;
  std::optional<Warmup> warmup;
};

struct RunLength {
  int64_t steps_per_epoch = 1;
  int64_t total_steps = 1;
};

// How many steps the warm-up takes, even if the run has fewer; 0 without one.
int64_t WarmupSteps(const ScheduleOptions& options, const RunLength& run);

// What the learning rate is multiplied by in `step`, the first of which is 1: the warm-up's factor
// times the decay's. A pure function of its arguments. REQUIRES step >= 1.
double LearningRateFactor(const ScheduleOptions& options, int64_t step, const RunLength& run);

// How the learning rate follows the global batch.
enum class BatchScaling { kNone, kLinear, kSquareRoot };

// What a learning rate that suits batches of `reference_batch` samples is multiplied by for batches
// of `global_batch`: 1; their ratio (Goyal et al. 2017, section 2.1); or its root (Krizhevsky 2014,
// "One weird trick"). REQUIRES both batches >= 1, unless there is no scaling.
double BatchScalingFactor(BatchScaling scaling, int64_t global_batch, int64_t reference_batch);

}  // namespace lockstep
