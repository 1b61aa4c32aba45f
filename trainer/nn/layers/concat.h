#pragma once

#include "trainer/nn/layer.h"

namespace lockstep {

// The channels of two or more inputs of one height and width, one input's after the other's.
class Concat : public Layer {
 public:
  std::string_view kind() const override { return "concat"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;
};

}  // namespace lockstep
