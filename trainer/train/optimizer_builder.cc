#include "trainer/train/optimizer_builder.h"

#include "trainer/base/check.h"
#include "trainer/optim/adam.h"
#include "trainer/optim/lamb.h"
#include "trainer/optim/lars.h"
#include "trainer/optim/rmsprop.h"
#include "trainer/optim/sgd.h"

namespace lockstep {
namespace {

// Of Adam or AdamW.
template <typename Message>
AdamOptions ToAdamOptions(const Message& adam, double weight_decay, AdamDecay decay) {
  return {.beta1 = adam.beta1(),
          .beta2 = adam.beta2(),
          .epsilon = adam.epsilon(),
          .weight_decay = weight_decay,
          .decay = decay};
}

SgdOptions ToSgdOptions(const v1::Sgd& sgd, double weight_decay) {
  return {.momentum = sgd.momentum(), .nesterov = sgd.nesterov(), .weight_decay = weight_decay};
}

RmspropOptions ToRmspropOptions(const v1::Rmsprop& rmsprop, double weight_decay) {
  return {.smoothing = rmsprop.smoothing(),
          .epsilon = rmsprop.epsilon(),
          .momentum = rmsprop.momentum(),
          .centered = rmsprop.centered(),
          .weight_decay = weight_decay};
}

LarsOptions ToLarsOptions(const v1::Lars& lars, double weight_decay) {
  return {.momentum = lars.momentum(),
          .trust_coefficient = lars.trust_coefficient(),
          .weight_decay = weight_decay};
}

LambOptions ToLambOptions(const v1::Lamb& lamb, double weight_decay) {
  return {.beta1 = lamb.beta1(),
          .beta2 = lamb.beta2(),
          .epsilon = lamb.epsilon(),
          .weight_decay = weight_decay};
}

MultiStepDecay ToMultiStepDecay(const v1::Schedule_MultiStep& multi_step) {
  MultiStepDecay decay{.milestones = {}, .factor = multi_step.factor()};
  for (const int64_t epochs : multi_step.epochs()) {
    decay.milestones.push_back({.epochs = epochs});
  }
  for (const int64_t steps : multi_step.steps()) {
    decay.milestones.push_back({.steps = steps});
  }
  return decay;
}

OneCycle ToOneCycle(const v1::Schedule_OneCycle& cycle) {
  return {.peak_at = cycle.peak_at(),
          .start_factor = cycle.start_factor(),
          .final_factor = cycle.final_factor(),
          .linear = cycle.shape() == v1::Schedule_OneCycle::LINEAR};
}

decltype(ScheduleOptions::decay) ToDecay(const v1::Schedule& schedule) {
  switch (schedule.kind_case()) {
    case v1::Schedule::kStep:
      return StepDecay{.every = {.epochs = schedule.step().every_epochs(),
                                 .steps = schedule.step().every_steps()},
                       .factor = schedule.step().factor()};
    case v1::Schedule::kMultiStep:
      return ToMultiStepDecay(schedule.multi_step());
    case v1::Schedule::kExponential:
      return ExponentialDecay{.factor = schedule.exponential().factor()};
    case v1::Schedule::kInverse:
      return InverseDecay{.gamma = schedule.inverse().gamma(), .power = schedule.inverse().power()};
    case v1::Schedule::kPolynomial:
      return PolynomialDecay{.power = schedule.polynomial().power(),
                             .final_factor = schedule.polynomial().final_factor()};
    case v1::Schedule::kCosine:
      return CosineDecay{.final_factor = schedule.cosine().final_factor()};
    case v1::Schedule::kOneCycle:
      return ToOneCycle(schedule.one_cycle());
    case v1::Schedule::kConstant:
    case v1::Schedule::KIND_NOT_SET:
      break;
  }
  return ConstantDecay{};
}

}  // namespace

Blocks BlocksOf(const ParameterLayout& layout, const v1::Regularization& regularization) {
  Blocks blocks;
  for (const Parameter& parameter : layout.parameters()) {
    const bool is_bias_or_norm = parameter.spec.export_dims.size() <= 1;
    blocks.push_back({.begin = static_cast<size_t>(parameter.slice.offset),
                      .size = static_cast<size_t>(parameter.slice.size),
                      .decays = !is_bias_or_norm || regularization.decay_biases_and_norms()});
  }
  return blocks;
}

std::unique_ptr<Optimizer> BuildOptimizer(const v1::Job& job, const Blocks& blocks) {
  const double weight_decay = job.regularization().weight_decay();
  const v1::Optimizer& optimizer = job.optimizer();
  switch (optimizer.kind_case()) {
    case v1::Optimizer::kSgd:
      return std::make_unique<Sgd>(ToSgdOptions(optimizer.sgd(), weight_decay), blocks);
    case v1::Optimizer::kAdam:
      return std::make_unique<Adam>(ToAdamOptions(optimizer.adam(), weight_decay, AdamDecay::kL2),
                                    blocks);
    case v1::Optimizer::kAdamw:
      return std::make_unique<Adam>(
          ToAdamOptions(optimizer.adamw(), weight_decay, AdamDecay::kDecoupled), blocks);
    case v1::Optimizer::kRmsprop:
      return std::make_unique<Rmsprop>(ToRmspropOptions(optimizer.rmsprop(), weight_decay), blocks);
    case v1::Optimizer::kLars:
      return std::make_unique<Lars>(ToLarsOptions(optimizer.lars(), weight_decay), blocks);
    case v1::Optimizer::kLamb:
      return std::make_unique<Lamb>(ToLambOptions(optimizer.lamb(), weight_decay), blocks);
    case v1::Optimizer::KIND_NOT_SET:
      break;
  }
  CHECK(!"validation lets no job without an optimizer pass");
  return nullptr;
}

LossKind ToLossKind(v1::Loss loss) {
  return loss == v1::MEAN_SQUARED_ERROR ? LossKind::kMeanSquaredError
                                        : LossKind::kSoftmaxCrossEntropy;
}

LossOptions ToLossOptions(const v1::Job& job) {
  return {.kind = ToLossKind(job.loss()), .smoothing = job.regularization().label_smoothing()};
}

double BaseLearningRate(const v1::Optimizer& optimizer) {
  switch (optimizer.kind_case()) {
    case v1::Optimizer::kSgd:
      return optimizer.sgd().learning_rate();
    case v1::Optimizer::kAdam:
      return optimizer.adam().learning_rate();
    case v1::Optimizer::kAdamw:
      return optimizer.adamw().learning_rate();
    case v1::Optimizer::kRmsprop:
      return optimizer.rmsprop().learning_rate();
    case v1::Optimizer::kLars:
      return optimizer.lars().learning_rate();
    case v1::Optimizer::kLamb:
      return optimizer.lamb().learning_rate();
    case v1::Optimizer::KIND_NOT_SET:
      break;
  }
  CHECK(!"validation lets no job without an optimizer pass");
  return 0;
}

ClipOptions ToClipOptions(const v1::Regularization& regularization) {
  return {.value = regularization.clip_value(), .global_norm = regularization.clip_global_norm()};
}

ScheduleOptions ToScheduleOptions(const v1::Schedule& schedule) {
  ScheduleOptions options{.decay = ToDecay(schedule), .warmup = {}};
  if (schedule.has_warmup()) {
    const v1::Warmup& warmup = schedule.warmup();
    options.warmup = Warmup{.length = {.epochs = warmup.epochs(), .steps = warmup.steps()},
                            .start_factor = warmup.start_factor()};
  }
  return options;
}

double ScaledLearningRate(const v1::Job& job) {
  const v1::Schedule_Scaling& scaling = job.schedule().scaling();
  BatchScaling rule = BatchScaling::kNone;
  if (scaling.rule() == v1::Schedule_Scaling::LINEAR) {
    rule = BatchScaling::kLinear;
  } else if (scaling.rule() == v1::Schedule_Scaling::SQUARE_ROOT) {
    rule = BatchScaling::kSquareRoot;
  }
  return BaseLearningRate(job.optimizer()) *
         BatchScalingFactor(rule, job.global_batch(), scaling.reference_batch());
}

}  // namespace lockstep
