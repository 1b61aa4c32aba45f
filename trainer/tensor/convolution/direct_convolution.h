#pragma once

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/convolution/direct_engine.h"
#include "trainer/tensor/convolution/fused_convolution.h"

namespace lockstep {

// A convolution tap by tap, see direct_engine.h.
class DirectConvolution : public ConvolutionAlgorithm {
 public:
  // REQUIRES DirectEngine::Serves(geometry).
  explicit DirectConvolution(const ConvolutionGeometry& geometry) : engine_(geometry) {}

  std::string_view name() const override { return "direct"; }
  int64_t scratch_bytes() const override { return engine_.scratch_bytes(); }
  int64_t prepared_bytes() const override { return engine_.prepared_bytes(); }
  void Prepare(const float* weights, std::span<std::byte> prepared) const override {
    engine_.Prepare(weights, prepared);
  }
  void Forward(const ConvolutionWeights& weights, ConstTensor input, Tensor output,
               std::span<std::byte> scratch) const override;
  void Backward(const ConvolutionWeights& weights, ConstTensor input, ConstTensor output_gradient,
                const ConvolutionGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  DirectEngine engine_;
};

// The same with bias, relu and pooling as soon as there are outputs for it.
class FusedDirectConvolution : public FusedConvolution {
 public:
  // REQUIRES DirectEngine::Serves(geometry).
  FusedDirectConvolution(const ConvolutionGeometry& geometry, Pooling pooling)
      : FusedConvolution(geometry, pooling), engine_(geometry) {}

  std::string_view name() const override { return "direct"; }
  int64_t scratch_bytes() const override { return engine_.scratch_bytes(); }
  int64_t prepared_bytes() const override { return engine_.prepared_bytes(); }
  void Prepare(const float* weights, std::span<std::byte> prepared) const override {
    engine_.Prepare(weights, prepared);
  }
  void Forward(const FusedParameters& parameters, ConstTensor input, Tensor output,
               std::span<std::byte> kept, std::span<std::byte> scratch) const override;
  void Backward(const FusedParameters& parameters, ConstTensor input, ConstTensor output,
                std::span<const std::byte> kept, ConstTensor output_gradient,
                const FusedGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  // One image's way back through relu alone.
  void RectifyBack(const float* output, const float* output_gradient, float* gradient,
                   float* bias_gradient) const;

  DirectEngine engine_;
};

}  // namespace lockstep
