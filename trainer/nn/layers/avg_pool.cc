#include "trainer/nn/layers/avg_pool.h"

#include <algorithm>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {

LayerPlan AvgPool::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  geometry_ = PoolGeometry(context.inputs[0], options_);
  return geometry_.Plan();
}

void AvgPool::Forward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                      Tensor output) const {
  const int channels = output.shape.channels;
  geometry_.ForEachTap(output.batch, [&](const PoolTap& tap) {
    const float* const x = inputs[0].data + tap.input;
    float* const sum = output.data + tap.output;
    if (tap.first) {
      std::copy_n(x, channels, sum);
      return;
    }
    for (int c = 0; c < channels; ++c) {
      sum[c] += x[c];
    }
  });
  const auto taps = static_cast<float>(geometry_.taps());
  for (float& value : output.values()) {
    value /= taps;
  }
}

void AvgPool::Backward(const LayerContext& /*context*/, std::span<const ConstTensor> /*inputs*/,
                       ConstTensor /*output*/, ConstTensor output_gradient,
                       std::span<const Tensor> input_gradients) const {
  const Tensor& input_gradient = input_gradients[0];
  if (!input_gradient) {
    return;
  }
  const float share = 1 / static_cast<float>(geometry_.taps());
  const int channels = output_gradient.shape.channels;
  std::ranges::fill(input_gradient.values(), 0.0F);
  geometry_.ForEachTap(output_gradient.batch, [&](const PoolTap& tap) {
    const float* const dy = output_gradient.data + tap.output;
    float* const dx = input_gradient.data + tap.input;
    for (int c = 0; c < channels; ++c) {
      dx[c] += dy[c] * share;
    }
  });
}

}  // namespace lockstep
