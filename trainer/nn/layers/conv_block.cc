#include "trainer/nn/layers/conv_block.h"

namespace lockstep {

std::string_view ConvBlock::kind() const {
  return convolution_->pooling() == Pooling::kNone ? "conv2d+relu" : "conv2d+relu+max_pool";
}

LayerPlan ConvBlock::Build(const BuildContext& context) {
  return {.output = convolution_->output(),
          .saved_bytes = context.max_batch * convolution_->kept_bytes(),
          .scratch_bytes = convolution_->scratch_bytes(),
          .prepared_bytes = convolution_->prepared_bytes(),
          .by_sample = true,
          .algorithm = convolution_->name()};
}

FusedParameters ConvBlock::Parameters(const LayerContext& context) const {
  return {.weights = {context.Value(weight_), context.prepared}, .bias = context.Value(bias_)};
}

void ConvBlock::Prepare(const NetValues& values, std::span<std::byte> prepared) const {
  convolution_->Prepare(values.Parameter(weight_), prepared);
}

void ConvBlock::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                        Tensor output) const {
  convolution_->Forward(Parameters(context), inputs[0], output, context.saved, context.scratch);
}

void ConvBlock::Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                         ConstTensor output, ConstTensor output_gradient,
                         std::span<const Tensor> input_gradients) const {
  convolution_->Backward(
      Parameters(context), inputs[0], output, context.saved, output_gradient,
      {.convolution = {.weights = context.Gradient(weight_), .input = input_gradients[0]},
       .bias = context.Gradient(bias_)},
      context.scratch);
}

}  // namespace lockstep
