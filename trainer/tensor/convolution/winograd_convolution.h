#pragma once

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/convolution/fused_convolution.h"
#include "trainer/tensor/convolution/winograd_engine.h"

namespace lockstep {

// A convolution by Winograd's algorithm, see winograd_engine.h.
class WinogradConvolution : public ConvolutionAlgorithm {
 public:
  // REQUIRES WinogradEngine::Serves(geometry).
  WinogradConvolution(const ConvolutionGeometry& geometry, int max_batch)
      : engine_(geometry, max_batch) {}

  std::string_view name() const override { return "winograd"; }
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
  WinogradEngine engine_;
};

// The same with bias, relu and pooling in the transform of the output.
class FusedWinogradConvolution : public FusedConvolution {
 public:
  // REQUIRES WinogradEngine::Serves(geometry).
  FusedWinogradConvolution(const ConvolutionGeometry& geometry, Pooling pooling, int max_batch)
      : FusedConvolution(geometry, pooling), engine_(geometry, max_batch) {}

  std::string_view name() const override { return "winograd"; }
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
  WinogradEngine engine_;
};

}  // namespace lockstep
