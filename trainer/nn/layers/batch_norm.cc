#include "trainer/nn/layers/batch_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "trainer/nn/layers/build_checks.h"
#include "trainer/tensor/scratch.h"

namespace lockstep {
namespace {

ParameterSlice AddChannelParameter(const BuildContext& context, const char* name, float first) {
  const int64_t channels = context.inputs[0].channels;
  return context.parameters.Add(
      std::string(context.name),
      {.name = name,
       .memory_dims = {channels},
       .export_axes = {0},
       .export_dims = {channels},
       .initializer = {.distribution = Distribution::kConstant, .constant = first}});
}

// What Forward leaves for Backward: arrays of one number for each channel.
struct Saved {
  Saved(int channels, ScratchDealer dealer)
      : mean(dealer.Floats(channels)),
        inverse_deviation(dealer.Floats(channels)),
        scale(dealer.Floats(channels)),
        bytes(dealer.bytes()) {}

  ChannelTransform Transform(const float* bias) const {
    return {.mean = mean, .scale = scale, .shift = bias};
  }

  float* mean;
  float* inverse_deviation;
  float* scale;
  int64_t bytes;
};

}  // namespace

LayerPlan BatchNorm::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  if (!(options_.epsilon > 0)) {
    throw LayerError("epsilon", fmt::format("must be positive, is {}", options_.epsilon));
  }
  if (!(options_.momentum >= 0 && options_.momentum <= 1)) {
    throw LayerError("momentum", fmt::format("must be from 0 to 1, is {}", options_.momentum));
  }
  shape_ = context.inputs[0];
  if (int64_t{shape_.height} * shape_.width * context.max_batch < 2) {
    throw LayerError("",
                     "normalises each channel over a microbatch, which has a single number of "
                     "it here: 1 x 1 pixels, 1 sample; set microbatch to 2 or more");
  }
  weight_ = AddChannelParameter(context, "weight", 1);
  bias_ = AddChannelParameter(context, "bias", 0);
  const std::string name(context.name);
  const auto add_buffer = [&](const char* what, float initial) {
    return context.parameters.AddBuffer(
        name,
        {.name = what, .size = shape_.channels, .initial = initial, .momentum = options_.momentum});
  };
  running_mean_ = add_buffer("running_mean", 0);
  running_var_ = add_buffer("running_var", 1);
  context.parameters.AddStepCount(name, "num_batches_tracked");
  return plan();
}

LayerPlan BatchNorm::plan() const {
  // In evaluation, the transform lies in scratch.
  const int64_t saved = Saved(shape_.channels, ScratchDealer()).bytes;
  return {.output = shape_,
          .saved_bytes = saved,
          .scratch_bytes = std::max(saved, BatchNormScratchBytes(shape_.channels)),
          .flops = 8 * shape_.size()};
}

void BatchNorm::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                        Tensor output) const {
  Forward(BatchNormTail::kNone, context, inputs[0], output);
}

void BatchNorm::Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                         ConstTensor /*output*/, ConstTensor output_gradient,
                         std::span<const Tensor> input_gradients) const {
  Backward(BatchNormTail::kNone, context, inputs[0], output_gradient, input_gradients[0]);
}

void BatchNorm::Forward(BatchNormTail tail, const LayerContext& context, ConstTensor input,
                        Tensor output) const {
  const int channels = shape_.channels;
  const bool training = context.phase == Phase::kTraining;
  const Saved saved(channels, ScratchDealer(training ? context.saved : context.scratch));
  const float* const weight = context.Value(weight_);
  if (training) {
    const Moments moments = ComputeMoments(input, context.scratch);
    const int64_t rows = input.size() / channels;
    const auto count = static_cast<double>(rows);
    for (int c = 0; c < channels; ++c) {
      saved.mean[c] = static_cast<float>(moments.mean[c]);
      saved.inverse_deviation[c] =
          static_cast<float>(1 / std::sqrt(moments.squares[c] / count + options_.epsilon));
      context.Statistic(running_mean_)[c] = saved.mean[c];
      context.Statistic(running_var_)[c] =
          static_cast<float>(moments.squares[c] / std::max(count - 1, 1.0));
    }
  } else {
    const float* const variance = context.values.Buffer(running_var_);
    for (int c = 0; c < channels; ++c) {
      saved.mean[c] = context.values.Buffer(running_mean_)[c];
      saved.inverse_deviation[c] =
          static_cast<float>(1 / std::sqrt(variance[c] + options_.epsilon));
    }
  }
  for (int c = 0; c < channels; ++c) {
    saved.scale[c] = weight[c] * saved.inverse_deviation[c];
  }
  Normalize(tail, input, saved.Transform(context.Value(bias_)), output);
}

void BatchNorm::Backward(BatchNormTail tail, const LayerContext& context, ConstTensor input,
                         ConstTensor output_gradient, Tensor input_gradient) const {
  const Saved saved(shape_.channels, ScratchDealer(context.saved));
  NormalizeBack(
      tail, input, saved.Transform(context.Value(bias_)), saved.inverse_deviation, output_gradient,
      {.weight = context.Gradient(weight_), .bias = context.Gradient(bias_), .x = input_gradient},
      context.scratch);
}

void BatchNorm::EvaluationScale(const NetValues& values, float* scale, float* shift) const {
  for (int c = 0; c < shape_.channels; ++c) {
    const double factor =
        values.Parameter(weight_)[c] / std::sqrt(values.Buffer(running_var_)[c] + options_.epsilon);
    scale[c] = static_cast<float>(factor);
    shift[c] =
        static_cast<float>(values.Parameter(bias_)[c] - factor * values.Buffer(running_mean_)[c]);
  }
}

}  // namespace lockstep
