#include "trainer/nn/layers/batch_norm_relu.h"

namespace lockstep {

LayerPlan BatchNormRelu::Build(const BuildContext& /*context*/) { return norm_.plan(); }

void BatchNormRelu::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                            Tensor output) const {
  norm_.Forward(BatchNormTail::kRelu, context, inputs[0], output);
}

void BatchNormRelu::Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                             ConstTensor /*output*/, ConstTensor output_gradient,
                             std::span<const Tensor> input_gradients) const {
  norm_.Backward(BatchNormTail::kRelu, context, inputs[0], output_gradient, input_gradients[0]);
}

}  // namespace lockstep
