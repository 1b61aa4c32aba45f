#pragma once

#include <cstdint>
#include <vector>

#include "trainer/tensor/convolution/frame.h"
#include "trainer/tensor/convolution/geometry.h"
#include "trainer/tensor/kernels/windows.h"

namespace lockstep {

// Inputs whose row and column, counted from the padding's first, leave the same remainder by the
// stride, and the taps of the kernel that see them: every stride-th from the remainder on.
struct StridePhase {
  int row;  // the remainders
  int column;
  int rows;  // of taps
  int columns;
  int64_t first_weight;  // where its weights begin, of those of all phases
};

// Channels of inputs as kernels write them: a multiple of 16.
int PhaseChannels(const ConvolutionGeometry& geometry);
// Of all phases.
int64_t PhaseWeights(const ConvolutionGeometry& geometry);

// Those that are seen at all.
std::vector<StridePhase> StridePhases(const ConvolutionGeometry& geometry);

// The windows of the output's gradient in which inputs see it: a window for each quotient by the
// stride, for all phases alike, as large as that of remainder 0.
Framing GradientFraming(const ConvolutionGeometry& geometry);

// Weights of a phase for WindowKernels: transposed, the taps in reverse, zero for channels that are
// not there. `packed` is that of all phases.
void PackPhase(const ConvolutionGeometry& geometry, const StridePhase& phase, const float* weights,
               float* packed);

// The part of a phase in a block, with which the gradient by the input is what the kernels
// correlate.
struct PhaseWindows {
  Windows windows;       // none: height or width is 0
  int64_t frame_offset;  // of the first window
  int64_t input_offset;  // of its input
};
PhaseWindows WindowsOf(const ConvolutionGeometry& geometry, const StridePhase& phase,
                       const Framing& framing, const OutputBlock& block);

}  // namespace lockstep
