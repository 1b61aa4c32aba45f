#pragma once

#include "trainer/nn/layer.h"
#include "trainer/nn/layers/pool_geometry.h"

namespace lockstep {

// What a window's sum is divided by.
enum class MeanOver {
  kWindow,  // all of the window that is on the input or its padding, which counts as zeros
  kPixels,  // the pixels on the input
};

// The mean of each window, of each channel.
class AvgPool : public Layer {
 public:
  explicit AvgPool(PoolOptions options, MeanOver mean_over = MeanOver::kWindow)
      : options_(options), mean_over_(mean_over) {}

  std::string_view kind() const override { return "avg_pool"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  float Divisor(const PoolWindow& window) const;

  PoolOptions options_;
  MeanOver mean_over_;
  PoolGeometry geometry_;
};

}  // namespace lockstep
