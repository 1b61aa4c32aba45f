#pragma once

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/convolution/fused_convolution.h"
#include "trainer/tensor/convolution/winograd_engine.h"

namespace lockstep {

// A convolution by Winograd's algorithm, see winograd_engine.h.
class WinogradConvolution : public ConvolutionAlgorithm {
 public:
  // See WinogradEngine.
  WinogradConvolution(const ConvolutionGeometry& geometry, int max_batch, int output_size)
      : engine_(geometry, max_batch, output_size) {}

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

// The same with bias, relu and pooling as soon as there are outputs for it: in the transform of the
// output, or image by image where tiles have an odd size, so that windows of the pooling lie across
// their borders.
class FusedWinogradConvolution : public FusedConvolution {
 public:
  // See WinogradEngine.
  FusedWinogradConvolution(const ConvolutionGeometry& geometry, Pooling pooling, int max_batch,
                           int output_size)
      : FusedConvolution(geometry, pooling), engine_(geometry, max_batch, output_size) {}

  std::string_view name() const override { return "winograd"; }
  int64_t scratch_bytes() const override;
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
  bool pooled() const { return pooling() == Pooling::kMax2x2; }
  bool PoolsImages() const { return pooled() && engine_.kernels().output_size % 2 != 0; }

  // What the transform does with a block's outputs, and where it takes their gradient from. `image`
  // is the block's first.
  void TransformOutput(const WinogradBlock& block, int image, const float* transformed,
                       int64_t stride, const float* bias, Tensor output, uint8_t* kept) const;
  void TransformGradient(const WinogradBlock& block, int image, ConstTensor output,
                         const uint8_t* kept, ConstTensor output_gradient, float* bias_gradient,
                         int64_t stride, float* transformed) const;

  // The same where whole images are pooled. `images`: the convolution's outputs of a block's
  // images, rectified, or their gradient.
  void PoolOutput(const WinogradBlock& block, int image, const float* transformed, int64_t stride,
                  const float* bias, Tensor images, Tensor output, uint8_t* kept) const;
  void PoolGradient(const WinogradBlock& block, int image, const uint8_t* kept,
                    ConstTensor output_gradient, float* bias_gradient, Tensor images,
                    int64_t stride, float* transformed) const;

  TailRow row() const;
  // Behind the engine's scratch.
  Tensor Images(std::span<std::byte> scratch) const;

  WinogradEngine engine_;
};

}  // namespace lockstep
