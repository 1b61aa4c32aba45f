#include "trainer/tensor/convolution/lowering.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

// `count` runs of `length` numbers each; steps are from one run's start to the next one's.
struct Runs {
  int count;
  int length;
  int64_t from_step;
  int64_t to_step;
};

template <int kLength>
void CopyRunsOf(const Runs& runs, const float* from, float* to) {
  for (int i = 0; i < runs.count; ++i) {
    std::memcpy(to + i * runs.to_step, from + i * runs.from_step, kLength * sizeof(float));
  }
}

void CopyLongRuns(const Runs& runs, const float* from, float* to) {
  for (int i = 0; i < runs.count; ++i) {
    std::memcpy(to + i * runs.to_step, from + i * runs.from_step, runs.length * sizeof(float));
  }
}

using CopyFunction = void (*)(const Runs&, const float*, float*);

template <size_t... kLengths>
constexpr auto CopyFunctions(std::index_sequence<kLengths...> /*lengths*/) {
  return std::array<CopyFunction, sizeof...(kLengths)>{CopyRunsOf<kLengths>...};
}

// Short runs want a length that the compiler knows: calls of memcpy would cost more than the copy.
void CopyRuns(const Runs& runs, const float* from, float* to) {
  static constexpr auto kShort = CopyFunctions(std::make_index_sequence<33>());
  const auto length = static_cast<size_t>(runs.length);
  (length < kShort.size() ? kShort[length] : CopyLongRuns)(runs, from, to);
}

void AddRuns(const Runs& runs, const float* from, float* to) {
  for (int i = 0; i < runs.count; ++i) {
    const float* __restrict source = from + i * runs.from_step;
    float* __restrict target = to + i * runs.to_step;
    for (int j = 0; j < runs.length; ++j) {
      target[j] += source[j];
    }
  }
}

// Walks the windows of one input row: which of their columns are inside the input.
class RowWindows {
 public:
  RowWindows(const ConvolutionGeometry& geometry, int output_width)
      : geometry_(geometry),
        output_width_(output_width),
        // Windows [inside_begin_, inside_end_) see no padding.
        inside_begin_(std::min(output_width, (geometry.padding_width + geometry.stride_width - 1) /
                                                 geometry.stride_width)),
        inside_end_(std::max(inside_begin_, InsideEnd(geometry, output_width))) {}

  // Calls border(window) for each window that sees padding, then inside(window, count, column,
  // columns) for what is inside the input: `count` windows from `window` on see `columns` columns
  // from their own column `column` on, and what each sees of them are consecutive numbers.
  template <typename Border, typename Inside>
  void Visit(Border border, Inside inside) const {
    for (int window = 0; window < inside_begin_; ++window) {
      border(window);
      VisitColumns(window, 1, inside);
    }
    if (inside_begin_ < inside_end_) {
      VisitColumns(inside_begin_, inside_end_ - inside_begin_, inside);
    }
    for (int window = inside_end_; window < output_width_; ++window) {
      border(window);
      VisitColumns(window, 1, inside);
    }
  }

 private:
  static int InsideEnd(const ConvolutionGeometry& geometry, int output_width) {
    const int last_start = geometry.input.width - geometry.kernel_width + geometry.padding_width;
    return last_start < 0 ? 0 : std::min(output_width, last_start / geometry.stride_width + 1);
  }

  // All of these windows are clipped alike.
  template <typename Inside>
  void VisitColumns(int window, int count, Inside inside) const {
    const int x = window * geometry_.stride_width - geometry_.padding_width;
    const int begin = std::max(0, -x);
    const int end = std::min(geometry_.kernel_width, geometry_.input.width - x);
    // With groups the channels of neighbouring columns do not touch.
    const int columns = geometry_.groups == 1 ? end - begin : 1;
    for (int column = begin; column < end; column += columns) {
      inside(window, count, column, columns);
    }
  }

  const ConvolutionGeometry& geometry_;
  int output_width_;
  int inside_begin_;
  int inside_end_;
};

}  // namespace

Lowering::Lowering(const ConvolutionGeometry& geometry, int kernel_rows)
    : geometry_(geometry),
      output_width_(geometry.output().width),
      kernel_rows_(kernel_rows),
      kernel_row_(geometry.kernel_width * geometry.group_channels()),
      remainders_(kernel_rows == geometry.kernel_height
                      ? 1
                      : std::min(geometry.stride_height, geometry.kernel_height)) {
  CHECK(kernel_rows == 1 || kernel_rows == geometry.kernel_height);
}

int Lowering::RowsOfRemainder(const OutputBlock& block) const {
  return block.rows + (geometry_.kernel_height - kernel_rows_) / geometry_.stride_height;
}

int64_t Lowering::MatrixSize(const OutputBlock& block) const {
  return int64_t{block.images} * remainders_ * RowsOfRemainder(block) * output_width_ * depth();
}

int64_t Lowering::Positions(const OutputBlock& block) const {
  return int64_t{block.images} * block.rows * output_width_;
}

int64_t Lowering::FirstRow(const OutputBlock& block, int product) const {
  const int remainder = product % geometry_.stride_height;
  const int row = product / geometry_.stride_height;
  return (int64_t{remainder} * RowsOfRemainder(block) + row) * block.images * output_width_;
}

bool Lowering::Interleaves(const OutputBlock& block) const {
  return products() > 1 && block.images > 1 && block.rows > 1;
}

template <typename Visit>
void Lowering::ForEachInputRow(const OutputBlock& block, Visit visit) const {
  const int rows = RowsOfRemainder(block);
  const int row_step = products() == 1 ? 1 : block.images;
  const int image_step = products() == 1 ? rows : 1;
  const int top = block.first_row * geometry_.stride_height - geometry_.padding_height;
  for (int image = 0; image < block.images; ++image) {
    for (int remainder = 0; remainder < remainders_; ++remainder) {
      for (int row = 0; row < rows; ++row) {
        const int64_t line =
            int64_t{remainder * rows + row} * row_step + int64_t{image} * image_step;
        const int input_row = top + row * geometry_.stride_height + remainder;
        for (int kernel_row = 0; kernel_row < kernel_rows_; ++kernel_row) {
          visit(image, input_row + kernel_row,
                line * output_width_ * depth() + int64_t{kernel_row} * kernel_row_);
        }
      }
    }
  }
}

void Lowering::Lower(const OutputBlock& block, int group, ConstTensor input, float* matrix) const {
  const int channels = geometry_.group_channels();
  const int input_channels = geometry_.input.channels;
  const RowWindows windows(geometry_, output_width_);
  ForEachInputRow(block, [&](int image, int input_row, int64_t offset) {
    float* const to = matrix + offset;
    if (input_row < 0 || input_row >= geometry_.input.height) {
      for (int window = 0; window < output_width_; ++window) {
        std::fill_n(to + int64_t{window} * depth(), kernel_row_, 0.0F);
      }
      return;
    }
    const float* const from = input.sample(image) + int64_t{group} * channels +
                              int64_t{input_row} * geometry_.input.width * input_channels;
    windows.Visit(
        [&](int window) { std::fill_n(to + int64_t{window} * depth(), kernel_row_, 0.0F); },
        [&](int window, int count, int column, int columns) {
          const int x = window * geometry_.stride_width - geometry_.padding_width + column;
          CopyRuns({.count = count,
                    .length = columns * channels,
                    .from_step = int64_t{geometry_.stride_width} * input_channels,
                    .to_step = depth()},
                   from + int64_t{x} * input_channels,
                   to + int64_t{window} * depth() + int64_t{column} * channels);
        });
  });
}

void Lowering::AddRaised(const OutputBlock& block, int group, const float* matrix,
                         Tensor input) const {
  const int channels = geometry_.group_channels();
  const int input_channels = geometry_.input.channels;
  const RowWindows windows(geometry_, output_width_);
  ForEachInputRow(block, [&](int image, int input_row, int64_t offset) {
    if (input_row < 0 || input_row >= geometry_.input.height) {
      return;
    }
    const float* const from = matrix + offset;
    float* const to = input.sample(image) + int64_t{group} * channels +
                      int64_t{input_row} * geometry_.input.width * input_channels;
    windows.Visit([](int /*window*/) {},
                  [&](int window, int count, int column, int columns) {
                    const int x =
                        window * geometry_.stride_width - geometry_.padding_width + column;
                    AddRuns({.count = count,
                             .length = columns * channels,
                             .from_step = depth(),
                             .to_step = int64_t{geometry_.stride_width} * input_channels},
                            from + int64_t{window} * depth() + int64_t{column} * channels,
                            to + int64_t{x} * input_channels);
                  });
  });
}

}  // namespace lockstep
