#pragma once

#include "trainer/nn/layer.h"

namespace lockstep {

// exp(x) divided by its sum over the channels, at each pixel of each sample.
class Softmax : public Layer {
 public:
  std::string_view kind() const override { return "softmax"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;
};

}  // namespace lockstep
