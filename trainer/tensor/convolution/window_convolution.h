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
  // Filters are a multiple of 16. In one group: channels are, too, or at most 4, as an image's
  // are (with these the gradient by the input, which a net's first layer does not need, is slow).
  // In groups of 1, 2, 4, 8 or 16 channels: as many as filters.
  static bool Serves(const ConvolutionGeometry& geometry);

  // REQUIRES Serves(geometry).
  WindowConvolution(const ConvolutionGeometry& geometry, int max_batch);

  std::string_view name() const override { return "windows"; }
  int64_t scratch_bytes() const override;
  // The weights packed, and those of the phases.
  int64_t prepared_bytes() const override;
  void Prepare(const float* weights, std::span<std::byte> prepared) const override;
  void Forward(const ConvolutionWeights& weights, ConstTensor input, Tensor output,
               std::span<std::byte> scratch) const override;
  void Backward(const ConvolutionWeights& weights, ConstTensor input, ConstTensor output_gradient,
                const ConvolutionGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  struct Workspace {
    float* weight_gradient;  // packed
    float* frame;            // of a block
    float* channels;         // where channels are no multiple of 16: a phase's inputs with more
  };
  Workspace Divide(ScratchDealer* dealer) const;
  Workspace Divide(std::span<std::byte> scratch) const;
  Windows InputWindows(const OutputBlock& block) const;
  // Writes the gradient of inputs that a phase has in a block.
  void WritePhase(const PhaseWindows& part, const float* frame, const float* weights,
                  float* gradient, float* channels) const;
  // To workspace.weight_gradient.
  void AddWeightGradient(ConstTensor input, ConstTensor output_gradient,
                         const Workspace& workspace) const;
  void WriteInputGradient(const float* phase_weights, ConstTensor output_gradient, Tensor gradient,
                          const Workspace& workspace) const;

  ConvolutionGeometry geometry_;
  int max_batch_;
  const WindowKernels& kernels_;
  Framing input_;
  Framing gradient_;  // of the output
  std::vector<StridePhase> phases_;
  bool has_whole_vectors_;  // channels are a multiple of 16
};

}  // namespace lockstep
