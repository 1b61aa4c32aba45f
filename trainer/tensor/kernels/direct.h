#pragma once

#include <stdint.h>  // NOLINT: see vectors.h

// Direct convolutions of one image, tap by tap: for layers with too few channels or filters for the
// matrix products that other algorithms live on.
//
// Images are copied into a frame of zeros first, so that no window ends at a border. What has
// filters lies with gaps: each position, tap or bias has room for a multiple of kDirectUnit of
// them.

namespace lockstep {

constexpr int kDirectUnit = 8;

struct DirectShape {
  int frame_width;  // of the padded image
  int channels;
  int kernel_height;
  int kernel_width;
  int stride_height;
  int stride_width;
  int output_height;
  int output_width;
  int filters;
  int filter_room;   // filters rounded up to a multiple of kDirectUnit
  int row_tap_room;  // kernel width * channels likewise
};

// A part of a convolution's output: rows of one image.
struct DirectRows {
  int first;
  int count;
};

struct DirectKernels {
  // The convolution plus bias of some rows of the output. Weights lie as (kernel height, kernel
  // width, channels, filter room). `output` is that of the first row.
  void (*forward)(const DirectShape& shape, const DirectRows& rows, const float* frame,
                  const float* weights, const float* bias, float* output);
  // Adds to `weight_gradient` what some rows of the output gradient give. `output_gradient` is that
  // of the first row.
  void (*add_weight_gradient)(const DirectShape& shape, const DirectRows& rows, const float* frame,
                              const float* output_gradient, float* weight_gradient);
  // The gradient of a row of the frame. `weights` lie as (kernel height, filters, row tap room).
  // `input_gradient` has room for kDirectUnit * 2 numbers more than a row's.
  void (*input_gradient_row)(const DirectShape& shape, int row, const float* output_gradient,
                             const float* weights, float* input_gradient);
};

}  // namespace lockstep
