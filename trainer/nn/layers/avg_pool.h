#pragma once

#include "trainer/nn/layer.h"
#include "trainer/nn/layers/pool_geometry.h"

namespace lockstep {

// The mean of each window, of each channel.
class AvgPool : public Layer {
 public:
  explicit AvgPool(PoolOptions options) : options_(options) {}

  std::string_view kind() const override { return "avg_pool"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  PoolOptions options_;
  PoolGeometry geometry_;
};

}  // namespace lockstep
