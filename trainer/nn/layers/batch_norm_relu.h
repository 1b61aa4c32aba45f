#pragma once

#include "trainer/nn/layers/batch_norm.h"

namespace lockstep {

// A batch_norm and the relu that follows it, in the same passes. No job file names it: fusion.h
// puts it in the place of these layers.
class BatchNormRelu : public Layer {
 public:
  // `norm` has been built, and outlives this layer.
  explicit BatchNormRelu(const BatchNorm& norm) : norm_(norm) {}

  std::string_view kind() const override { return "batch_norm+relu"; }
  // Adds no parameters.
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  const BatchNorm& norm_;
};

}  // namespace lockstep
