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

double Factor(const ExponentialDecay& decay, const Moment& now) {
  return Power(decay.factor, now.done / now.run.steps_per_epoch);
}

double Factor(const CosineDecay& decay, const Moment& now) {
  const int64_t length = now.run.total_steps - now.warmup_steps;
  const int64_t done = now.done - now.warmup_steps;
  if (done <= 0) {
    return 1;
  }
  const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(length));
  const double wave = (1 + std::cos(std::numbers::pi * part)) / 2;
  return decay.final_factor + (1 - decay.final_factor) * wave;
}

double WarmupFactor(const Warmup& warmup, int64_t step, int64_t warmup_steps) {
  if (step >= warmup_steps) {
    return 1;
  }
  const double part = static_cast<double>(step) / static_cast<double>(warmup_steps);
  return warmup.start_factor + (1 - warmup.start_factor) * part;
}

}  // namespace

double LearningRateFactor(const ScheduleOptions& options, int64_t step, const RunLength& run) {
  CHECK_GE(step, 1);
  CHECK_GE(run.steps_per_epoch, 1);
  const int64_t warmup_steps = options.warmup ? Steps(options.warmup->length, run) : 0;
  const Moment now{.done = step - 1, .warmup_steps = warmup_steps, .run = run};
  const double decay = std::visit([&now](const auto& d) { return Factor(d, now); }, options.decay);
  return options.warmup ? decay * WarmupFactor(*options.warmup, step, warmup_steps) : decay;
}

}  // namespace lockstep
