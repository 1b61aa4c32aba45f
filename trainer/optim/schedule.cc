#include "trainer/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

int64_t Steps(const Interval& interval, const RunLength& run) {
  CHECK((interval.epochs > 0) != (interval.steps > 0));
  return interval.steps > 0 ? interval.steps : interval.epochs * run.steps_per_epoch;
}

double Power(double factor, int64_t exponent) {
  return std::pow(factor, static_cast<double>(exponent));
}

// `done` steps are over, `warmup_steps` of the run are the warm-up.
struct Moment {
  int64_t done;
  int64_t warmup_steps;
  const RunLength& run;
};

double Factor(const ConstantDecay& /*decay*/, const Moment& /*now*/) { return 1; }

double Factor(const StepDecay& decay, const Moment& now) {
  return Power(decay.factor, now.done / Steps(decay.every, now.run));
}

double Factor(const MultiStepDecay& decay, const Moment& now) {
  const auto passed = std::ranges::count_if(decay.milestones, [&now](const Interval& milestone) {
    return now.done >= Steps(milestone, now.run);
  });
  return Power(decay.factor, passed);
}

double Factor(const ExponentialDecay& decay, const Moment& now) {
  return Power(decay.factor, now.done / now.run.steps_per_epoch);
}

double Factor(const InverseDecay& decay, const Moment& now) {
  return std::pow(1 + decay.gamma * static_cast<double>(now.done), -decay.power);
}

// Which part of the steps between warm-up and end is done, from 0 to 1.
double PartDone(const Moment& now) {
  const int64_t length = now.run.total_steps - now.warmup_steps;
  const int64_t done = now.done - now.warmup_steps;
  return done <= 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(length));
}

double Factor(const PolynomialDecay& decay, const Moment& now) {
  return decay.final_factor + (1 - decay.final_factor) * std::pow(1 - PartDone(now), decay.power);
}

// Half a cosine: 1 at 0, 0 at 1.
double Wave(double part) { return (1 + std::cos(std::numbers::pi * part)) / 2; }

double Factor(const CosineDecay& decay, const Moment& now) {
  return decay.final_factor + (1 - decay.final_factor) * Wave(PartDone(now));
}

double Factor(const OneCycle& cycle, const Moment& now) {
  // In steps after the cycle's first. As in PyTorch, the peak need not be at a whole one.
  const auto length = static_cast<double>(now.run.total_steps - now.warmup_steps);
  const double peak = std::max(0.0, cycle.peak_at * length - 1);
  const double end = std::max(peak, length - 1);
  const double here = std::clamp(static_cast<double>(now.done - now.warmup_steps), 0.0, end);
  const bool rising = here < peak;
  const double away = rising ? 1 - here / peak : end == peak ? 0 : (here - peak) / (end - peak);
  const double height = cycle.linear ? 1 - away : Wave(away);
  const double foot = rising ? cycle.start_factor : cycle.final_factor;
  return foot + (1 - foot) * height;
}

double WarmupFactor(const Warmup& warmup, int64_t step, int64_t warmup_steps) {
  if (step >= warmup_steps) {
    return 1;
  }
  const double part = static_cast<double>(step) / static_cast<double>(warmup_steps);
  return warmup.start_factor + (1 - warmup.start_factor) * part;
}

}  // namespace

int64_t WarmupSteps(const ScheduleOptions& options, const RunLength& run) {
  return options.warmup ? Steps(options.warmup->length, run) : 0;
}

double LearningRateFactor(const ScheduleOptions& options, int64_t step, const RunLength& run) {
  CHECK_GE(step, 1);
  CHECK_GE(run.steps_per_epoch, 1);
  const int64_t warmup_steps = WarmupSteps(options, run);
  const Moment now{.done = step - 1, .warmup_steps = warmup_steps, .run = run};
  const double decay = std::visit([&now](const auto& d) { return Factor(d, now); }, options.decay);
  return options.warmup ? decay * WarmupFactor(*options.warmup, step, warmup_steps) : decay;
}

double BatchScalingFactor(BatchScaling scaling, int64_t global_batch, int64_t reference_batch) {
  if (scaling == BatchScaling::kNone) {
    return 1;
  }
  CHECK_GE(global_batch, 1);
  CHECK_GE(reference_batch, 1);
  const double ratio = static_cast<double>(global_batch) / static_cast<double>(reference_batch);
  return scaling == BatchScaling::kLinear ? ratio : std::sqrt(ratio);
}

}  // namespace lockstep
