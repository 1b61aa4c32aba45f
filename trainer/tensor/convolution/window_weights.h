#pragma once

#include <algorithm>
#include <cstdint>

#include "trainer/tensor/convolution/geometry.h"
#include "trainer/tensor/kernels/windows.h"
#include "trainer/tensor/products.h"

// Weights in the order in which WindowKernels read them.

namespace lockstep {

// Channels and filters come in multiples of this: a vector of any instruction set.
constexpr int kWindowUnit = 16;

// Calls visit(first filter, filters, where its weights begin) for each of the blocks that `rows` x
// `filters` weights lie in.
template <typename Visit>
void ForEachFilterBlock(int groups, int64_t rows, int filters, const Visit& visit) {
  const int block = groups == 1 ? kFilterBlock : filters;
  for (int first = 0; first < filters; first += block) {
    visit(first, std::min(block, filters - first), first * rows);
  }
}

// `packed` has as many numbers as `weights`.
void PackWeights(const ConvolutionGeometry& geometry, const float* weights, float* packed);
// Adds a gradient in that order to one in the order of convolution.h.
void AddPackedWeights(const ConvolutionGeometry& geometry, const float* packed, float* gradient);

// One tap of the kernel, numbered row by row, for some channels.
struct KernelTap {
  int number;
  int first_channel;
  int channels;
};

// Its weights as those of a convolution the other way, whose filters are the channels: filters of a
// group x channels.
void TransposeTap(const ConvolutionGeometry& geometry, const KernelTap& tap, const float* weights,
                  Matrix transposed);

}  // namespace lockstep
