#pragma once

#include "trainer/nn/layers/max_pool.h"

namespace lockstep {

// The largest value of each channel: output 1 x 1. A max_pool whose window is the whole input.
class GlobalMaxPool : public Layer {
 public:
  std::string_view kind() const override { return "global_max_pool"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  MaxPool pool_{PoolOptions{}};
};

}  // namespace lockstep
