#pragma once

#include <stdint.h>  // NOLINT: see vectors.h

// What follows a convolution, row by row, and its way back: from numbers that may lie with gaps
// (direct.h) to numbers that lie without, and the reverse. In the way back the gaps get any number.

namespace lockstep {

struct TailRow {
  int width;        // positions of the convolution's output
  int filters;      // of each position, without gaps
  int filter_room;  // with gaps, a multiple of kDirectUnit
};

struct TailKernels {
  void (*copy_row)(const TailRow& row, const float* from, float* output);
  // relu: max(x, 0).
  void (*rectify_row)(const TailRow& row, const float* from, float* output);
  // relu and 2x2 max pooling, stride 2, of two rows to one of width / 2. `kept` says of each pooled
  // number which of its window's it is, see rectified_pool.h; it may be nullptr.
  void (*pool_rows)(const TailRow& row, const float* from, float* pooled, uint8_t* kept);

  void (*copy_row_back)(const TailRow& row, const float* output_gradient, float* gradient);
  // What of the gradient passes relu: where `output` is positive. Adds the sums over all positions
  // to `bias_gradient`, of filter_room numbers.
  void (*rectify_row_back)(const TailRow& row, const float* output, const float* output_gradient,
                           float* gradient, float* bias_gradient);
  // Two rows of gradient from one of their pooling.
  void (*pool_rows_back)(const TailRow& row, const uint8_t* kept, const float* pooled_gradient,
                         float* gradient, float* bias_gradient);
};

}  // namespace lockstep
