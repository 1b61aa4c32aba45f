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
// output, or, where windows of the pooling lie across the borders of tiles of an odd size, after
// it, image by image.
class FusedWinogradConvolution : public FusedConvolution {
 public:
  // See WinogradEngine.
  FusedWinogradConvolution(const ConvolutionGeometry& geometry, Pooling pooling, int max_batch,
                           int output_size);

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
  // Whether images are pooled after the transform.
  bool PoolsImages() const { return pooled() && engine_.kernels().output_size % 2 != 0; }
  // One image's outputs of the convolution, rectified, or their gradient: behind the engine's
  // scratch.
  float* Image(std::span<std::byte> scratch) const;

  // What becomes of a block's transformed output, from `image` on.
  void TransformOutput(const WinogradBlock& block, int image, const float* transformed,
                       int64_t stride, const float* bias, Tensor output, uint8_t* kept) const;
  void PoolImages(const WinogradBlock& block, int first, const float* transformed, int64_t stride,
                  const float* bias, Tensor output, uint8_t* kept, float* image) const;
  // The way back.
  void TransformGradient(const WinogradBlock& block, int image, ConstTensor output,
                         ConstTensor output_gradient, const uint8_t* kept, float* bias_gradient,
                         int64_t stride, float* transformed) const;
  void PoolImagesBack(const WinogradBlock& block, int first, ConstTensor output_gradient,
                      const uint8_t* kept, float* bias_gradient, float* image, int64_t stride,
                      float* transformed) const;

  WinogradEngine engine_;
  TailRow row_;
};

}  // namespace lockstep
