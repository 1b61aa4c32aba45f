#pragma once

#include <cstdint>

#include "trainer/nn/layer.h"

// The windows that pooling layers slide over their input.

namespace lockstep {

// In pixels.
struct PoolOptions {
  int kernel_height = 0;
  int kernel_width = 0;
  int stride_height = 0;
  int stride_width = 0;
};

// One pixel of one window.
struct PoolTap {
  int64_t output;  // where the window's channels begin in the output
  int64_t input;   // where the pixel's channels begin in the input
  int index;       // row * kernel_width + column within the window
  bool first;      // of its window
};

// How the windows of `options` lie on an input. Only here is it known which pixels a window covers.
class PoolGeometry {
 public:
  PoolGeometry() = default;
  // Throws LayerError when a setting is below 1 or a window larger than the input.
  PoolGeometry(const Shape& input, const PoolOptions& options);

  const Shape& input() const { return input_; }
  const Shape& output() const { return output_; }
  // Pixels of a window.
  int taps() const { return options_.kernel_height * options_.kernel_width; }
  // The part of a plan that follows from the geometry.
  LayerPlan Plan() const;
  // From the first pixel of a window to pixel `index`, in numbers of the input.
  int64_t TapOffset(int index) const {
    const int64_t row = index / options_.kernel_width;
    const int64_t column = index % options_.kernel_width;
    return (row * input_.width + column) * input_.channels;
  }

  // Calls visit(output offset, input offset) for every window: where its channels begin in the
  // output, and those of its first pixel in the input.
  template <typename Visit>
  void ForEachWindow(int batch, const Visit& visit) const;

  // Calls visit(PoolTap) for every pixel of every window, each window's in row-major order.
  template <typename Visit>
  void ForEachTap(int batch, const Visit& visit) const;

 private:
  Shape input_;
  Shape output_;
  PoolOptions options_;
};

template <typename Visit>
void PoolGeometry::ForEachWindow(int batch, const Visit& visit) const {
  const int64_t channels = input_.channels;
  int64_t output = 0;
  for (int n = 0; n < batch; ++n) {
    for (int row = 0; row < output_.height; ++row) {
      const int64_t first_row = int64_t{n} * input_.height + int64_t{row} * options_.stride_height;
      for (int column = 0; column < output_.width; ++column) {
        const int64_t first_column = int64_t{column} * options_.stride_width;
        visit(output, (first_row * input_.width + first_column) * channels);
        output += channels;
      }
    }
  }
}

template <typename Visit>
void PoolGeometry::ForEachTap(int batch, const Visit& visit) const {
  const int64_t channels = input_.channels;
  ForEachWindow(batch, [&](int64_t output, int64_t corner) {
    int index = 0;
    for (int row = 0; row < options_.kernel_height; ++row) {
      for (int column = 0; column < options_.kernel_width; ++column) {
        const int64_t pixel = int64_t{row} * input_.width + column;
        visit(PoolTap{output, corner + pixel * channels, index, index == 0});
        ++index;
      }
    }
  });
}

}  // namespace lockstep
