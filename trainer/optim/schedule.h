#pragma once

#include <cstdint>
#include <optional>
#include <variant>

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

// `factor` once more after each epoch.
struct ExponentialDecay {
  double factor = 1;
};

// Half a cosine from 1 at the end of the warm-up to final_factor at the end of the run (Loshchilov
// and Hutter 2017, without restarts).
struct CosineDecay {
  double final_factor = 0;
};

// A straight line from start_factor, just before the first step, to 1 in the interval's last step
// (Goyal et al. 2017).
struct Warmup {
  Interval length;
  double start_factor = 0;
};

struct ScheduleOptions {
  std::variant<ConstantDecay, StepDecay, ExponentialDecay, CosineDecay> decay;
  std::optional<Warmup> warmup;
};

struct RunLength {
  int64_t steps_per_epoch = 1;
  int64_t total_steps = 1;
};

// What the learning rate is multiplied by in `step`, the first of which is 1: the warm-up's factor
// times the decay's. A pure function of its arguments. REQUIRES step >= 1.
double LearningRateFactor(const ScheduleOptions& options, int64_t step, const RunLength& run);

}  // namespace lockstep
