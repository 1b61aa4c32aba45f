#pragma once

#include "trainer/nn/layer.h"

namespace lockstep {

// The mean of each channel: output 1 x 1.
class GlobalAvgPool : public Layer {
 public:
  std::string_view kind() const override { return "global_avg_pool"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;
};

}  // namespace lockstep
