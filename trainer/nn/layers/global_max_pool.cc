#include "trainer/nn/layers/global_max_pool.h"

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {

LayerPlan GlobalMaxPool::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  pool_ = MaxPool({.kernel_height = context.inputs[0].height,
                   .kernel_width = context.inputs[0].width,
                   .stride_height = 1,
                   .stride_width = 1});
  return pool_.Build(context);
}

void GlobalMaxPool::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                            Tensor output) const {
  pool_.Forward(context, inputs, output);
}

void GlobalMaxPool::Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                             ConstTensor output, ConstTensor output_gradient,
                             std::span<const Tensor> input_gradients) const {
  pool_.Backward(context, inputs, output, output_gradient, input_gradients);
}

}  // namespace lockstep
