#pragma once

#include <stdint.h>  // NOLINT: see vectors.h

// relu and 2x2 max pooling (stride 2) of one image's convolution, and their way back. Filters are a
// multiple of 16. `kept` says of each pooled number which of its window's it is, see
// rectified_pool.h.

namespace lockstep {

struct TailKernels {
  // max(x, 0), in place. `size` is a multiple of 16.
  void (*rectify)(int64_t size, float* values);
  // Two rows of a convolution's output to one pooled row of width / 2. `kept` may be nullptr.
  void (*pool_rows)(int width, int filters, const float* rows, float* pooled, uint8_t* kept);

  // What of the gradient passes relu: where `output` is positive. Adds the sums over all positions
  // to `bias_gradient`.
  void (*rectified_gradient)(int64_t positions, int filters, const float* output,
                             const float* output_gradient, float* gradient, float* bias_gradient);
  // The gradient of a height x width image from that of its pooling. Writes all of `gradient`.
  void (*unpooled_gradient)(int height, int width, int filters, const uint8_t* kept,
                            const float* pooled_gradient, float* gradient, float* bias_gradient);
};

}  // namespace lockstep
