#pragma once

#include <vector>

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/convolution/frame.h"
#include "trainer/tensor/convolution/stride_phases.h"
#include "trainer/tensor/kernels/kernels.h"
#include "trainer/tensor/scratch.h"

namespace lockstep {

// Convolutions with any stride, and those of many small groups, window by window in frames of zeros
// (see kernels/windows.h). The gradient by the input is such a convolution too, phase by phase (see
// stride_phases.h).
class WindowConvolution : public ConvolutionAlgorithm {
 public:
  // Channels and filters are multiples of 16: in one group, or as many channels as filters in
  // groups of 1, 2, 4, 8 or 16.
  static bool Serves(const ConvolutionGeometry& geometry);

  // REQUIRES Serves(geometry).
  WindowConvolution(const ConvolutionGeometry& geometry, int max_batch);

  std::string_view name() const override { return "windows"; }
  int64_t scratch_bytes() const override;
  void Forward(const float* weights, ConstTensor input, Tensor output,
               std::span<std::byte> scratch) const override;
  void Backward(const float* weights, ConstTensor input, ConstTensor output_gradient,
                const ConvolutionGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  struct Workspace {
    float* weights;        // packed; or their gradient
    float* phase_weights;  // those of the phases
    float* frame;          // of a block
  };
  Workspace Divide(ScratchDealer* dealer) const;
  Workspace Divide(std::span<std::byte> scratch) const;
  Windows InputWindows(const OutputBlock& block) const;
  // To workspace.weights.
  void AddWeightGradient(ConstTensor input, ConstTensor output_gradient,
                         const Workspace& workspace) const;
  void WriteInputGradient(ConstTensor output_gradient, Tensor gradient,
                          const Workspace& workspace) const;

  ConvolutionGeometry geometry_;
  int max_batch_;
  const WindowKernels& kernels_;
  Framing input_;
  Framing gradient_;  // of the output
  std::vector<StridePhase> phases_;
};

}  // namespace lockstep
