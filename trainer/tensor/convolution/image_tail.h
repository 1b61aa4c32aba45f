#pragma once

#include <cstdint>

#include "trainer/tensor/kernels/tail.h"

// What kernels/tail.h does with rows, for whole images.

namespace lockstep {

// Numbers of a row without gaps, and with.
inline int64_t RowSize(const TailRow& row) { return int64_t{row.width} * row.filters; }
inline int64_t RowRoom(const TailRow& row) { return int64_t{row.width} * row.filter_room; }

// relu and 2x2 max pooling, stride 2, of an image of `height` rows. `kept` may be nullptr.
void PoolImage(const TailKernels& kernels, const TailRow& row, int height, const float* image,
               float* pooled, uint8_t* kept);

// The way back. Writes all of `gradient`: an odd image's last row and column, which are in no
// window, get zeros.
void PoolImageBack(const TailKernels& kernels, const TailRow& row, int height, const uint8_t* kept,
                   const float* pooled_gradient, float* gradient, float* bias_gradient);

}  // namespace lockstep
