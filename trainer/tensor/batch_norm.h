#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "trainer/tensor/kernels/batch_norm.h"
#include "trainer/tensor/tensor.h"

// The arithmetic of batch norm (Ioffe and Szegedy 2015) on N x H x W x C, where every channel is
// normalised by the mean and the variance of its N * H * W numbers. Sums are taken in double over
// blocks of a few rows, whose own moments are taken in float; results depend on the shape alone.

namespace lockstep {

// What follows the normalisation in the same pass.
enum class BatchNormTail { kNone, kRelu };

// Bytes that a call of ComputeMoments or NormalizeBack needs, on a 64-byte boundary.
int64_t BatchNormScratchBytes(int channels);

// For each channel, the mean and the sum of the squares of the deviations from it.
struct Moments {
  const double* mean;
  const double* squares;
};

// The moments, which lie in `scratch`. Blocks are combined as Chan, Golub and LeVeque 1979 do it,
// so that a mean far from zero costs no digits of the variance.
Moments ComputeMoments(ConstTensor x, std::span<std::byte> scratch);

void Normalize(BatchNormTail tail, ConstTensor x, const ChannelTransform& transform, Tensor y);

struct BatchNormGradients {
  float* weight;  // of each channel; added to
  float* bias;    // likewise
  Tensor x;       // overwritten; without data: not wanted
};

// The way back of y = (x - mean) * scale + shift, and of what follows it, where mean and variance
// are those of `x` itself: scale = weight * inverse_deviation, shift = bias.
void NormalizeBack(BatchNormTail tail, ConstTensor x, const ChannelTransform& transform,
                   const float* inverse_deviation, ConstTensor output_gradient,
                   const BatchNormGradients& gradients, std::span<std::byte> scratch);

}  // namespace lockstep
