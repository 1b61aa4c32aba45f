#pragma once

#include <stdint.h>  // NOLINT: see vectors.h

#include "trainer/tensor/kernels/direct.h"

// A convolution of images of one channel by few filters, with bias, relu and 2x2 max pooling. Where
// DirectKernels' vectors hold the filters of one position, and lanes go empty where these fill
// none, a vector here holds neighbouring positions of one filter. The bits are those of
// DirectKernels and TailKernels: every sum adds the same products in the same order.

namespace lockstep {

// The fewest columns of an output.
constexpr int kPlaneColumns = 16;

struct PlaneKernels {
  // Two rows of the convolution's output, `row` and the next, pooled to one of output_width / 2
  // positions without gaps. REQUIRES one channel, stride 1, fewer than kDirectUnit filters and an
  // output_width of kPlaneColumns or more. Otherwise as DirectKernels::forward and
  // TailKernels::pool_rows.
  void (*pooled_row)(const DirectShape& shape, int row, const float* frame, const float* weights,
                     const float* bias, float* pooled, uint8_t* kept);
};

}  // namespace lockstep
