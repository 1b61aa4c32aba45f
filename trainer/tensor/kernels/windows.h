#pragma once

#include <stdint.h>  // NOLINT: see vectors.h

// Convolutions of images with any stride, window by window: outputs of some windows by some filters
// are summed up in registers. Images were copied into frames of zeros before, so that no window
// ends at a border. Filters are a multiple of 16.

namespace lockstep {

// Floats from one image, row or column to the next.
struct WindowSteps {
  int64_t image;
  int64_t row;
  int64_t column;
};

// The windows that are computed together, and where they are.
struct Windows {
  int rows;           // of each window, in pixels
  int columns;        // likewise
  int depth;          // numbers of a pixel
  int64_t frame_row;  // floats from one row of a frame to the next
  int images;
  int height;        // windows, from top to bottom of an image
  int width;         // and from left to right
  WindowSteps from;  // of windows in the frame
  WindowSteps to;    // of their outputs
  int filters;
  int group;  // channels of a group, which has as many filters: 1, 2, 4, 8 or 16
};

// Of dense weights this many filters lie together, the last block may have fewer: blocks x (rows x
// columns x depth) x filters of the block. Others lie as rows x columns x group x filters.
constexpr int kFilterBlock = 64;

struct WindowKernels {
  // Writes each window's filters to `output`.
  void (*correlate)(const Windows& windows, const float* frame, const float* weights,
                    float* output);
  // Adds to `weight_gradient`, which lies as weights do.
  void (*add_weight_gradient)(const Windows& windows, const float* frame,
                              const float* output_gradient, float* weight_gradient);
};

}  // namespace lockstep
