#pragma once

#include <cstdint>

#include "trainer/tensor/shape.h"

namespace lockstep {

// What a two-dimensional convolution is, apart from its numbers. The defaults are a 1x1 convolution
// with one filter.
//
// Everything below REQUIRES that all fields are in range: sizes, strides, filters and groups at
// least 1, paddings at least 0, groups dividing both channels and filters, and a kernel no larger
// than the padded input.
struct ConvolutionGeometry {
  Shape input;
  int filters = 1;
  int kernel_height = 1;
  int kernel_width = 1;
  int stride_height = 1;
  int stride_width = 1;
  int padding_height = 0;  // zero rows above the input, and as many below
  int padding_width = 0;   // zero columns on the left, and as many on the right
  int groups = 1;          // filter group g sees channel group g alone

  int group_channels() const { return input.channels / groups; }
  int group_filters() const { return filters / groups; }

  // Height floor((H + 2 * padding - kernel) / stride) + 1, width likewise, `filters` channels.
  Shape output() const;
  // Weights that each filter has: what one output number sums over.
  int64_t filter_weights() const;
  // All weights.
  int64_t weights() const { return filter_weights() * filters; }
  // Floating-point operations of the convolution of one sample, taken directly: two for each
  // multiply-add, those with padding included.
  int64_t flops() const;
  // Rows at the bottom and columns at the right of the input that no window reaches.
  int unseen_rows() const;
  int unseen_columns() const;

  bool operator==(const ConvolutionGeometry&) const = default;
};

}  // namespace lockstep
