#pragma once

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/convolution/frame.h"
#include "trainer/tensor/kernels/kernels.h"

namespace lockstep {

// Convolutions with any stride, and those of many small groups, window by window in frames of zeros
// (see kernels/windows.h). The gradient by the input is a convolution of the output's gradient for
// each remainder of rows and columns by the stride, with the taps that meet there.
class FramedConvolution : public ConvolutionAlgorithm {
 public:
  // One group and filters a multiple of 16; or channels a multiple of 16 in groups of 1, 2, 4, 8 or
  // 16, with as many filters as channels.
  static bool Serves(const ConvolutionGeometry& geometry);

  // REQUIRES Serves(geometry).
  FramedConvolution(const ConvolutionGeometry& geometry, int max_batch);

  std::string_view name() const override { return "windows"; }
  int64_t scratch_bytes() const override;
  void Forward(const float* weights, ConstTensor input, Tensor output,
               std::span<std::byte> scratch) const override;
  void Backward(const float* weights, ConstTensor input, ConstTensor output_gradient,
                const ConvolutionGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  // A scratch, divided.
  struct Workspace {
    float* weights;  // as the kernels want them; or their gradient
    float* frame;
    float* padded;  // gradients of a phase's inputs, channels rounded up to a multiple of 16
  };
  // Inputs whose row and column, counted from the padding's first, leave this remainder by the
  // stride, and the taps through which they are seen.
  struct Phase {
    int row;
    int column;
    int rows;  // of taps
    int columns;
    int64_t offset;  // of its weights
  };
  int64_t PackedSize() const;  // floats of Workspace::weights
  int64_t FrameSize() const;
  Workspace Divide(std::span<std::byte> scratch) const;
  Windows InputWindows(const OutputBlock& block) const;
  void AddWeightGradient(ConstTensor input, ConstTensor output_gradient, float* gradient,
                         const Workspace& workspace) const;
  void WriteInputGradient(const float* weights, ConstTensor output_gradient, Tensor gradient,
                          const Workspace& workspace) const;
  // Calls visit(phase) for those that are seen at all.
  template <typename Visit>
  void ForEachPhase(const Visit& visit) const;
  void PackPhase(const Phase& phase, const float* weights, float* packed) const;
  // `gradient` begins with the block's first image.
  void WritePhase(const Phase& phase, const OutputBlock& block, Tensor gradient,
                  const Workspace& workspace) const;

  ConvolutionGeometry geometry_;
  int max_batch_;
  const WindowKernels& kernels_;
  Framing input_;
  Framing output_gradient_;
  int padded_channels_;
};

}  // namespace lockstep
