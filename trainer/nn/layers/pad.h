#pragma once

#include "trainer/nn/layer.h"

namespace lockstep {

// In pixels.
struct PadOptions {
  int top = 0;
  int bottom = 0;
  int left = 0;
  int right = 0;
  float value = 0;
};

// Its input with a border of one value around it.
class Pad : public Layer {
 public:
  explicit Pad(PadOptions options) : options_(options) {}

  std::string_view kind() const override { return "pad"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  PadOptions options_;
};

}  // namespace lockstep
