#pragma once

#include <stdint.h>  // NOLINT: see vectors.h

// Direct convolutions of one image with few channels, stride 1: too few for the matrix products
// that other algorithms live on. Filters are a multiple of 16.

namespace lockstep {

// Images are copied into a frame of zeros first, so that no window ends at a border.
struct DirectShape {
  int frame_width;  // of the padded image
  int channels;
  int kernel_height;
  int kernel_width;
  int output_width;
  int filters;
};

// A part of a convolution's output: rows of one image.
struct DirectRows {
  int first;
  int count;
};

struct DirectKernels {
  // The convolution plus bias of some rows of the output. `output` is that of the first of them.
  void (*forward)(const DirectShape& shape, const DirectRows& rows, const float* frame,
                  const float* weights, const float* bias, float* output);
  // Adds to `weight_gradient` what all of the image's `rows` rows of output gradient give.
  void (*add_weight_gradient)(const DirectShape& shape, int rows, const float* frame,
                              const float* output_gradient, float* weight_gradient);
};

}  // namespace lockstep
