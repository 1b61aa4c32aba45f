#pragma once

#include "trainer/tensor/convolution/fused_convolution.h"
#include "trainer/tensor/kernels/kernels.h"

namespace lockstep {

// Convolutions of images with few channels, as a net's first layer has them, tap by tap: outputs of
// some positions are summed up in registers. One image after the other; what lies between
// convolution and pooling stays in the nearest cache.
class FusedDirectConvolution : public FusedConvolution {
 public:
  // At most 4 channels, stride 1, one group, filters a multiple of 16.
  static bool Serves(const ConvolutionGeometry& geometry);

  // REQUIRES Serves(geometry).
  FusedDirectConvolution(const ConvolutionGeometry& geometry, Pooling pooling);

  std::string_view name() const override { return "direct"; }
  int64_t scratch_bytes() const override;
  void Forward(const FusedParameters& parameters, ConstTensor input, Tensor output,
               std::span<std::byte> kept, std::span<std::byte> scratch) const override;
  // REQUIRES that no gradient by the input is wanted.
  void Backward(const FusedParameters& parameters, ConstTensor input, ConstTensor output,
                std::span<const std::byte> kept, ConstTensor output_gradient,
                const FusedGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  // An image in a frame of zeros, and the convolution's output or its gradient.
  struct Workspace {
    float* frame;
    float* convolved;
  };
  Workspace Divide(std::span<std::byte> scratch) const;
  // The frame's zeros must be there already.
  void CopyIntoFrame(const float* image, float* frame) const;
  void ForwardPooled(const FusedParameters& parameters, const Workspace& workspace, float* output,
                     uint8_t* kept) const;

  const Kernels& kernels_;
  DirectShape shape_;
  int64_t frame_size_;  // floats
};

}  // namespace lockstep
