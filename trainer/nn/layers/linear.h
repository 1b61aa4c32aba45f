#pragma once

#include "trainer/nn/layer.h"

namespace lockstep {

struct LinearOptions {
  int units = 0;
  bool bias = true;
  Initializer initializer = {};
};

// Fully connected: output = input * weight + bias, over the flattened input.
// Parameters: weight, in memory (H, W, C, units), exported (units, C*H*W); bias (units).
class Linear : public Layer {
 public:
  explicit Linear(LinearOptions options) : options_(options) {}

  std::string_view kind() const override { return "linear"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  LinearOptions options_;
  ParameterSlice weight_;
  ParameterSlice bias_;
};

}  // namespace lockstep
