#include "trainer/nn/layers/global_avg_pool.h"

#include <algorithm>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {

LayerPlan GlobalAvgPool::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  const Shape& input = context.inputs[0];
  return {.output = {.channels = input.channels}, .by_sample = true, .flops = input.size()};
}

void GlobalAvgPool::Forward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                            Tensor output) const {
  const ConstTensor& input = inputs[0];
  const int channels = input.shape.channels;
  const auto pixels = static_cast<float>(int64_t{input.shape.height} * input.shape.width);
  std::ranges::fill(output.values(), 0.0F);
  for (int n = 0; n < input.batch; ++n) {
    float* const mean = output.sample(n);
    const float* const end = input.sample(n + 1);
    for (const float* x = input.sample(n); x != end; x += channels) {
      for (int c = 0; c < channels; ++c) {
        mean[c] += x[c];
      }
    }
    for (int c = 0; c < channels; ++c) {
      mean[c] /= pixels;
    }
  }
}

void GlobalAvgPool::Backward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                             ConstTensor /*output*/, ConstTensor output_gradient,
                             std::span<const Tensor> input_gradients) const {
  const Tensor& input_gradient = input_gradients[0];
  if (!input_gradient) {
    return;
  }
  const Shape& shape = inputs[0].shape;
  const float share = 1 / static_cast<float>(int64_t{shape.height} * shape.width);
  for (int n = 0; n < input_gradient.batch; ++n) {
    const float* const dy = output_gradient.sample(n);
    float* const end = input_gradient.sample(n + 1);
    for (float* dx = input_gradient.sample(n); dx != end; dx += shape.channels) {
      for (int c = 0; c < shape.channels; ++c) {
        dx[c] = dy[c] * share;
      }
    }
  }
}

}  // namespace lockstep
