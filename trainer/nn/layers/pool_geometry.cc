#include "trainer/nn/layers/pool_geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {
namespace {

// One direction of the windows.
struct PoolAxis {
  std::string name;  // "height" or "width"
  int input;
  int kernel;
  int stride;
  int padding;
  bool ceil_mode;
};

void CheckAxis(const PoolAxis& axis, const Shape& shape) {
  CheckAtLeast("kernel_" + axis.name, axis.kernel, 1);
  CheckAtLeast("stride_" + axis.name, axis.stride, 1);
  CheckAtLeast("padding_" + axis.name, axis.padding, 0);
  if (axis.padding >= axis.kernel) {
    throw LayerError("padding_" + axis.name,
                     fmt::format("must be less than the kernel's {} ({}), is {}", axis.name,
                                 axis.kernel, axis.padding));
  }
  const int most = axis.input + 2 * axis.padding + (axis.ceil_mode ? axis.stride - 1 : 0);
  if (axis.kernel > most) {
    throw LayerError("kernel_" + axis.name,
                     fmt::format("must be at most {} (input {}x{}), is {}", most, shape.height,
                                 shape.width, axis.kernel));
  }
}

// The windows along one axis: as many as begin on the input or the padding before it, and do not
// end behind the padding after it, or, with ceil_mode, end behind it by less than a stride.
std::vector<PoolSpan> SpansOf(const PoolAxis& axis) {
  const int rounding = axis.ceil_mode ? axis.stride - 1 : 0;
  const int last = (axis.input + 2 * axis.padding - axis.kernel + rounding) / axis.stride;
  std::vector<PoolSpan> spans;
  for (int i = 0; i <= last; ++i) {
    const int64_t begin = int64_t{i} * axis.stride - axis.padding;
    if (begin >= axis.input) {
      break;
    }
    const auto until = [&](int64_t end) {
      return static_cast<int>(std::min<int64_t>(begin + axis.kernel, end) - begin);
    };
    spans.push_back({.first = static_cast<int>(std::max<int64_t>(-begin, 0)),
                     .end = until(axis.input),
                     .padded = until(int64_t{axis.input} + axis.padding)});
  }
  return spans;
}

// Pixels behind the end of the last window.
int Unseen(int input, int windows, int kernel, int stride, int padding) {
  return std::max(0, input - ((windows - 1) * stride + kernel - padding));
}

}  // namespace

PoolGeometry::PoolGeometry(const Shape& input, const PoolOptions& options)
    : input_(input), output_(input), options_(options) {
  const PoolAxis height{.name = "height",
                        .input = input.height,
                        .kernel = options.kernel_height,
                        .stride = options.stride_height,
                        .padding = options.padding_height,
                        .ceil_mode = options.ceil_mode};
  const PoolAxis width{.name = "width",
                       .input = input.width,
                       .kernel = options.kernel_width,
                       .stride = options.stride_width,
                       .padding = options.padding_width,
                       .ceil_mode = options.ceil_mode};
  CheckAxis(height, input);
  CheckAxis(width, input);
  rows_ = SpansOf(height);
  columns_ = SpansOf(width);
  output_.height = static_cast<int>(rows_.size());
  output_.width = static_cast<int>(columns_.size());
}

bool PoolGeometry::EveryWindowIsWhole() const {
  const auto all_of_size = [](const std::vector<PoolSpan>& spans, int size) {
    return std::ranges::all_of(spans, [=](const PoolSpan& span) { return span.size() == size; });
  };
  return all_of_size(rows_, options_.kernel_height) && all_of_size(columns_, options_.kernel_width);
}

LayerPlan PoolGeometry::Plan() const {
  const PoolOptions& o = options_;
  return {.output = output_,
          .by_sample = true,
          .flops = output_.size() * taps(),
          .unseen_rows = Unseen(input_.height, output_.height, o.kernel_height, o.stride_height,
                                o.padding_height),
          .unseen_columns =
              Unseen(input_.width, output_.width, o.kernel_width, o.stride_width, o.padding_width)};
}

}  // namespace lockstep
