#pragma once

#include <cstdint>

#include "trainer/tensor/kernels/tail.h"

namespace lockstep {

// relu and 2x2 max pooling, stride 2, of a whole image of `height` rows, and the way back; see
// kernels/tail.h. In the way back all of `gradient` is written: an odd image's last row and column,
// which are in no window, get zeros.
void PoolImage(const TailKernels& kernels, const TailRow& row, int height, const float* image,
               float* pooled, uint8_t* kept);
void PoolImageBack(const TailKernels& kernels, const TailRow& row, int height, const uint8_t* kept,
                   const float* pooled_gradient, float* gradient, float* bias_gradient);

}  // namespace lockstep
