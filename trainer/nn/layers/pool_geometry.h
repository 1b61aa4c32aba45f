#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/nn/layer.h"

// The windows that pooling layers slide over their input.

namespace lockstep {

// In pixels.
struct PoolOptions {
  int kernel_height = 0;
  int kernel_width = 0;
  int stride_height = 0;
  int stride_width = 0;
  // Around the input, at each of the two sides. No pixels: a maximum never takes them.
  int padding_height = 0;
  int padding_width = 0;
  // A last window that is not wholly on the input and its padding counts, too, if it begins there.
  bool ceil_mode = false;
};

// What a window covers along one axis, counted from its own first row or column.
struct PoolSpan {
  int first;   // the part on the input
  int end;     //
  int padded;  // how many are on the input or its padding

  int size() const { return end - first; }
};

struct PoolWindow {
  int64_t output;  // where the window's channels begin in the output
  int64_t corner;  // where those of its first pixel begin in the input, or would without padding
  PoolSpan rows;
  PoolSpan columns;
  bool whole;  // every pixel is on the input
};

// One pixel of one window.
struct PoolTap {
  int64_t input;  // where the pixel's channels begin in the input
  int index;      // row * kernel_width + column within the window
  bool first;     // of its window
};

// How the windows of `options` lie on an input. Only here is it known which pixels a window covers.
class PoolGeometry {
 public:
  PoolGeometry() = default;
  // Throws LayerError when a setting is out of range or a window larger than the padded input.
  PoolGeometry(const Shape& input, const PoolOptions& options);

  const Shape& input() const { return input_; }
  const Shape& output() const { return output_; }
  // Pixels of a window.
  int taps() const { return options_.kernel_height * options_.kernel_width; }
  // No window reaches beyond the input.
  bool EveryWindowIsWhole() const;
  // The part of a plan that follows from the geometry.
  LayerPlan Plan() const;
  // From the first pixel of a window to pixel `index`, in numbers of the input.
  int64_t TapOffset(int index) const {
    const int64_t row = index / options_.kernel_width;
    const int64_t column = index % options_.kernel_width;
    return (row * input_.width + column) * input_.channels;
  }

  // Calls visit(PoolWindow) for every window, in the output's order.
  template <typename Visit>
  void ForEachWindow(int batch, const Visit& visit) const;

  // Calls visit(PoolTap) for every pixel of a window that is on the input, in row-major order.
  template <typename Visit>
  void ForEachTap(const PoolWindow& window, const Visit& visit) const;

 private:
  Shape input_;
  Shape output_;
  PoolOptions options_;
  std::vector<PoolSpan> rows_;     // of each row of windows
  std::vector<PoolSpan> columns_;  // of each column of windows
};

template <typename Visit>
void PoolGeometry::ForEachWindow(int batch, const Visit& visit) const {
  const PoolOptions& o = options_;
  PoolWindow window{};
  for (int n = 0; n < batch; ++n) {
    for (int row = 0; row < output_.height; ++row) {
      const int64_t first_row =
          int64_t{n} * input_.height + int64_t{row} * o.stride_height - o.padding_height;
      window.rows = rows_[row];
      for (int column = 0; column < output_.width; ++column) {
        const int64_t first_column = int64_t{column} * o.stride_width - o.padding_width;
        window.corner = (first_row * input_.width + first_column) * input_.channels;
        window.columns = columns_[column];
        window.whole =
            window.rows.size() == o.kernel_height && window.columns.size() == o.kernel_width;
        visit(window);
        window.output += input_.channels;
      }
    }
  }
}

template <typename Visit>
void PoolGeometry::ForEachTap(const PoolWindow& window, const Visit& visit) const {
  bool first = true;
  for (int row = window.rows.first; row < window.rows.end; ++row) {
    for (int column = window.columns.first; column < window.columns.end; ++column) {
      const int64_t pixel = int64_t{row} * input_.width + column;
      visit(PoolTap{.input = window.corner + pixel * input_.channels,
                    .index = row * options_.kernel_width + column,
                    .first = first});
      first = false;
    }
  }
}

}  // namespace lockstep
