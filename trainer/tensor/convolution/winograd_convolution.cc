#include "trainer/tensor/convolution/winograd_convolution.h"

namespace lockstep {

void WinogradConvolution::Forward(const ConvolutionWeights& weights, ConstTensor input,
                                  Tensor output, std::span<std::byte> scratch) const {
  engine_.Forward(weights.prepared, input, scratch,
                  [&](const WinogradBlock& block, int image, const float* from, int64_t stride) {
                    engine_.kernels().transform_output(engine_.tiles(), block, from, stride,
                                                       output.sample(image));
                  });
}

void WinogradConvolution::Backward(const ConvolutionWeights& weights, ConstTensor input,
                                   ConstTensor output_gradient,
                                   const ConvolutionGradients& gradients,
                                   std::span<std::byte> scratch) const {
  engine_.Backward(weights.prepared, input, gradients, scratch,
                   [&](const WinogradBlock& block, int image, float* to, int64_t stride) {
                     engine_.kernels().transform_output_gradient(
                         engine_.tiles(), block, output_gradient.sample(image), stride, to);
                   });
}

void FusedWinogradConvolution::Forward(const FusedParameters& parameters, ConstTensor input,
                                       Tensor output, std::span<std::byte> kept,
                                       std::span<std::byte> scratch) const {
  const bool pooled = pooling() == Pooling::kMax2x2;
  auto* const positions = reinterpret_cast<uint8_t*>(kept.data());
  engine_.Forward(parameters.weights.prepared, input, scratch,
                  [&](const WinogradBlock& block, int image, const float* from, int64_t stride) {
                    const int64_t offset = image * output.shape.size();
                    engine_.kernels().transform_output_tail(
                        engine_.tiles(), block, from, stride,
                        {.bias = parameters.bias,
                         .output = output.data + offset,
                         .kept = pooled && !kept.empty() ? positions + offset : nullptr,
                         .pooled = pooled});
                  });
}

void FusedWinogradConvolution::Backward(const FusedParameters& parameters, ConstTensor input,
                                        ConstTensor output, std::span<const std::byte> kept,
                                        ConstTensor output_gradient,
                                        const FusedGradients& gradients,
                                        std::span<std::byte> scratch) const {
  const bool pooled = pooling() == Pooling::kMax2x2;
  const auto* const positions = reinterpret_cast<const uint8_t*>(kept.data());
  engine_.Backward(parameters.weights.prepared, input, gradients.convolution, scratch,
                   [&](const WinogradBlock& block, int image, float* to, int64_t stride) {
                     const int64_t offset = image * output.shape.size();
                     engine_.kernels().transform_tail_gradient(
                         engine_.tiles(), block,
                         {.gradient = output_gradient.data + offset,
                          .output = output.data + offset,
                          .kept = pooled ? positions + offset : nullptr,
                          .bias_gradient = gradients.bias,
                          .pooled = pooled},
                         stride, to);
                   });
}

}  // namespace lockstep
