#include "trainer/nn/layers/softmax.h"

#include <algorithm>

#include "trainer/nn/layers/build_checks.h"
#include "trainer/tensor/exponential.h"

namespace lockstep {

LayerPlan Softmax::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  // The largest of the channels, and for each an exponential, an addition and a division.
  constexpr int64_t kOperations = 4;
  return {.output = context.inputs[0], .flops = kOperations * context.inputs[0].size()};
}

void Softmax::Forward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                      Tensor output) const {
  const int channels = output.shape.channels;
  const float* x = inputs[0].data;
  float* const end = output.data + output.size();
  for (float* y = output.data; y != end; y += channels, x += channels) {
    const float largest = *std::max_element(x, x + channels);
    for (int c = 0; c < channels; ++c) {
      y[c] = Exp(x[c] - largest);
    }
    float sum = 0;
    for (int c = 0; c < channels; ++c) {
      sum += y[c];
    }
    for (int c = 0; c < channels; ++c) {
      y[c] /= sum;
    }
  }
}

// dx = y * (dy - sum over the channels of y * dy)
void Softmax::Backward(const LayerContext& /*context*/, std::span<const ConstTensor> /*inputs*/,
                       ConstTensor output, ConstTensor output_gradient,
                       std::span<const Tensor> input_gradients) const {
  if (!input_gradients[0]) {
    return;
  }
  const int channels = output.shape.channels;
  const float* dy = output_gradient.data;
  float* dx = input_gradients[0].data;
  const float* const end = output.data + output.size();
  for (const float* y = output.data; y != end; y += channels, dy += channels, dx += channels) {
    float sum = 0;
    for (int c = 0; c < channels; ++c) {
      sum += y[c] * dy[c];
    }
    for (int c = 0; c < channels; ++c) {
      dx[c] = y[c] * (dy[c] - sum);
    }
  }
}

}  // namespace lockstep
