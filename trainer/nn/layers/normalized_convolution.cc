#include "trainer/nn/layers/normalized_convolution.h"

#include "trainer/base/check.h"
#include "trainer/nn/layers/channel_bias.h"
#include "trainer/tensor/scratch.h"

namespace lockstep {

// Weights and bias that do both layers' work, and what the convolution prepares of them.
template <typename Byte>
struct NormalizedConvolution::Folded {
  using Float = typename Dealer<Byte>::template Number<float>;

  Folded(const Conv2d& conv, Dealer<Byte> dealer)
      : weights(dealer.Floats(conv.weight().size)),
        scale(dealer.Floats(conv.geometry().filters)),
        bias(dealer.Floats(conv.geometry().filters)),
        bytes(dealer.bytes()),
        rest(dealer.Rest()) {}

  Float* weights;
  Float* scale;  // of each filter
  Float* bias;
  int64_t bytes;
  std::span<Byte> rest;
};

std::string_view NormalizedConvolution::kind() const {
  if (fused_ == nullptr) {
    return "conv2d+batch_norm";
  }
  return fused_->pooling() == Pooling::kNone ? "conv2d+batch_norm+relu"
                                             : "conv2d+batch_norm+relu+max_pool";
}

LayerPlan NormalizedConvolution::Build(const BuildContext& context) {
  const int64_t folded = Folded(conv_, ScratchDealer()).bytes;
  if (fused_ != nullptr) {
    return {.output = fused_->output(),
            .scratch_bytes = fused_->scratch_bytes(),
            .prepared_bytes = folded + fused_->prepared_bytes(),
            .by_sample = true,
            .algorithm = fused_->name()};
  }
  plain_ = MakeConvolution(conv_.geometry(), context.max_batch, context.convolutions);
  return {.output = conv_.geometry().output(),
          .scratch_bytes = plain_->scratch_bytes(),
          .prepared_bytes = folded + plain_->prepared_bytes(),
          .by_sample = true,
          .algorithm = plain_->name()};
}

// The filters are innermost in the weights.
void NormalizedConvolution::Prepare(const NetValues& values, std::span<std::byte> prepared) const {
  const Folded folded(conv_, ScratchDealer(prepared));
  const int filters = conv_.geometry().filters;
  norm_.EvaluationScale(values, folded.scale, folded.bias);
  const float* const weights = values.Parameter(conv_.weight());
  for (int64_t row = 0; row < conv_.weight().size; row += filters) {
    for (int f = 0; f < filters; ++f) {
      folded.weights[row + f] = weights[row + f] * folded.scale[f];
    }
  }
  for (int f = 0; conv_.has_bias() && f < filters; ++f) {
    folded.bias[f] += values.Parameter(conv_.bias())[f] * folded.scale[f];
  }
  if (fused_ != nullptr) {
    fused_->Prepare(folded.weights, folded.rest);
  } else {
    plain_->Prepare(folded.weights, folded.rest);
  }
}

void NormalizedConvolution::Forward(const LayerContext& context,
                                    std::span<const ConstTensor> inputs, Tensor output) const {
  CHECK(context.phase == Phase::kEvaluation);
  const Folded folded(conv_, Dealer(context.prepared));
  const ConvolutionWeights weights{folded.weights, folded.rest};
  if (fused_ != nullptr) {
    fused_->Forward({.weights = weights, .bias = folded.bias}, inputs[0], output, {},
                    context.scratch);
    return;
  }
  plain_->Forward(weights, inputs[0], output, context.scratch);
  AddChannelBias(folded.bias, output);
}

void NormalizedConvolution::Backward(const LayerContext& /*context*/,
                                     std::span<const ConstTensor> /*inputs*/,
                                     ConstTensor /*output*/, ConstTensor /*output_gradient*/,
                                     std::span<const Tensor> /*input_gradients*/) const {
  CHECK(!"evaluation has no way back");
}

}  // namespace lockstep
