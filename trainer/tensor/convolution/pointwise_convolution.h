#pragma once

#include "trainer/tensor/convolution/convolution.h"

namespace lockstep {

// 1x1, stride 1, no padding: in NHWC order a product of the whole batch, positions x channels, with
// the weights, channels x filters.
class PointwiseConvolution : public ConvolutionAlgorithm {
 public:
  static bool Serves(const ConvolutionGeometry& geometry);

  // REQUIRES Serves(geometry).
  explicit PointwiseConvolution(const ConvolutionGeometry& geometry);

  std::string_view name() const override { return "pointwise"; }
  int64_t scratch_bytes() const override;
  void Forward(const ConvolutionWeights& weights, ConstTensor input, Tensor output,
               std::span<std::byte> scratch) const override;
  void Backward(const ConvolutionWeights& weights, ConstTensor input, ConstTensor output_gradient,
                const ConvolutionGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  ConvolutionGeometry geometry_;
};

}  // namespace lockstep
