#include "trainer/nn/layers/avg_pool.h"

#include <algorithm>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {

LayerPlan AvgPool::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  geometry_ = PoolGeometry(context.inputs[0], options_);
  return geometry_.Plan();
}

float AvgPool::Divisor(const PoolWindow& window) const {
  const int pixels = mean_over_ == MeanOver::kWindow ? window.rows.padded * window.columns.padded
                                                     : window.rows.size() * window.columns.size();
  return static_cast<float>(pixels);
}

void AvgPool::Forward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                      Tensor output) const {
  const int channels = output.shape.channels;
  geometry_.ForEachWindow(output.batch, [&](const PoolWindow& window) {
    float* const mean = output.data + window.output;
    std::fill_n(mean, channels, 0.0F);
    geometry_.ForEachTap(window, [&](const PoolTap& tap) {
      const float* const x = inputs[0].data + tap.input;
      for (int c = 0; c < channels; ++c) {
        mean[c] += x[c];
      }
    });
    const float divisor = Divisor(window);
    for (int c = 0; c < channels; ++c) {
      mean[c] /= divisor;
    }
  });
}

void AvgPool::Backward(const LayerContext& /*context*/, std::span<const ConstTensor> /*inputs*/,
                       ConstTensor /*output*/, ConstTensor output_gradient,
                       std::span<const Tensor> input_gradients) const {
  const Tensor& input_gradient = input_gradients[0];
  if (!input_gradient) {
    return;
  }
  const int channels = output_gradient.shape.channels;
  std::ranges::fill(input_gradient.values(), 0.0F);
  geometry_.ForEachWindow(output_gradient.batch, [&](const PoolWindow& window) {
    const float share = 1 / Divisor(window);
    const float* const dy = output_gradient.data + window.output;
    geometry_.ForEachTap(window, [&](const PoolTap& tap) {
      float* const dx = input_gradient.data + tap.input;
      for (int c = 0; c < channels; ++c) {
        dx[c] += dy[c] * share;
      }
    });
  });
}

}  // namespace lockstep
