#include "trainer/nn/layers/pool_geometry.h"

#include <fmt/format.h>

#include <string>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {
namespace {

// Windows along one axis: floor((input - kernel) / stride) + 1. `axis` is "height" or "width".
int Windows(const std::string& axis, const Shape& shape, int input, int kernel, int stride) {
  CheckAtLeast("kernel_" + axis, kernel, 1);
  CheckAtLeast("stride_" + axis, stride, 1);
  if (kernel > input) {
    throw LayerError("kernel_" + axis, fmt::format("must be at most {} (input {}x{}), is {}", input,
                                                   shape.height, shape.width, kernel));
  }
  return (input - kernel) / stride + 1;
}

// Pixels behind the end of the last window.
int Unseen(int input, int windows, int kernel, int stride) {
  return input - ((windows - 1) * stride + kernel);
}

}  // namespace

PoolGeometry::PoolGeometry(const Shape& input, const PoolOptions& options)
    : input_(input), output_(input), options_(options) {
  output_.height =
      Windows("height", input, input.height, options.kernel_height, options.stride_height);
  output_.width = Windows("width", input, input.width, options.kernel_width, options.stride_width);
}

LayerPlan PoolGeometry::Plan() const {
  return {.output = output_,
          .flops = output_.size() * taps(),
          .unseen_rows =
              Unseen(input_.height, output_.height, options_.kernel_height, options_.stride_height),
          .unseen_columns =
              Unseen(input_.width, output_.width, options_.kernel_width, options_.stride_width)};
}

}  // namespace lockstep
