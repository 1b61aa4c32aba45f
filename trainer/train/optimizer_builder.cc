#include "trainer/train/optimizer_builder.h"

#include "trainer/base/check.h"
#include "trainer/optim/adam.h"
#include "trainer/optim/sgd.h"

namespace lockstep {

std::unique_ptr<Optimizer> BuildOptimizer(const v1::Job& job, size_t size) {
  const double weight_decay = job.regularization().weight_decay();
  switch (job.optimizer().kind_case()) {
    case v1::Optimizer::kSgd: {
      const v1::Sgd& sgd = job.optimizer().sgd();
      return std::make_unique<Sgd>(
          SgdOptions{
              .momentum = sgd.momentum(), .nesterov = sgd.nesterov(), .weight_decay = weight_decay},
          size);
    }
    case v1::Optimizer::kAdam: {
      const v1::Adam& adam = job.optimizer().adam();
      return std::make_unique<Adam>(AdamOptions{.beta1 = adam.beta1(),
                                                .beta2 = adam.beta2(),
                                                .epsilon = adam.epsilon(),
                                                .weight_decay = weight_decay},
                                    size);
    }
    case v1::Optimizer::KIND_NOT_SET:
      break;
  }
  CHECK(!"validation lets no job without an optimizer pass");
  return nullptr;
}

double BaseLearningRate(const v1::Optimizer& optimizer) {
  return optimizer.has_adam() ? optimizer.adam().learning_rate() : optimizer.sgd().learning_rate();
}

ScheduleOptions ToScheduleOptions(const v1::Schedule& schedule) {
  ScheduleOptions options;
  switch (schedule.kind_case()) {
    case v1::Schedule::kStep:
      options.decay = StepDecay{.every = {.epochs = schedule.step().every_epochs(),
                                          .steps = schedule.step().every_steps()},
                                .factor = schedule.step().factor()};
      break;
    case v1::Schedule::kExponential:
      options.decay = ExponentialDecay{.factor = schedule.exponential().factor()};
      break;
    case v1::Schedule::kCosine:
      options.decay = CosineDecay{.final_factor = schedule.cosine().final_factor()};
      break;
    case v1::Schedule::kConstant:
    case v1::Schedule::KIND_NOT_SET:
      break;
  }
  if (schedule.has_warmup()) {
    const v1::Warmup& warmup = schedule.warmup();
    options.warmup = Warmup{.length = {.epochs = warmup.epochs(), .steps = warmup.steps()},
                            .start_factor = warmup.start_factor()};
  }
  return options;
}

}  // namespace lockstep
