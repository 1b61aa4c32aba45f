#include "trainer/nn/net.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

// Kernels and BLAS count the numbers of a sample with an int.
void CheckSize(const Shape& shape, const char* what) {
  constexpr int kMost = std::numeric_limits<int>::max();
  // In floating point, because three ints may exceed 64 bits.
  if (double{1} * shape.channels * shape.height * shape.width > kMost) {
    throw LayerError("", fmt::format("{} may have at most {} numbers a sample, is {}", what, kMost,
                                     ToString(shape)));
  }
}

}  // namespace

int Net::Add(std::string name, std::unique_ptr<Layer> layer, std::vector<int> inputs) {
  const int number = static_cast<int>(nodes_.size());
  CHECK_LE(number, int{std::numeric_limits<uint16_t>::max()});  // it keys random draws
  std::vector<Shape> shapes;
  for (const int input : inputs) {
    CHECK_GE(input, kInput);
    CHECK_LT(input, number);
    shapes.push_back(shape(input));
    CheckSize(shapes.back(), "input");
  }
  const int64_t first_parameter = parameters_.size();
  const int64_t first_buffer = parameters_.buffer_size();
  const LayerPlan plan = layer->Build({.name = name,
                                       .inputs = shapes,
                                       .max_batch = max_batch_,
                                       .parameters = parameters_,
                                       .convolutions = convolutions_});
  CheckSize(plan.output, "output");
  const ParameterSlice slice{.offset = first_parameter,
                             .size = parameters_.size() - first_parameter};
  const ParameterSlice buffers{.offset = first_buffer,
                               .size = parameters_.buffer_size() - first_buffer};
  nodes_.push_back({.name = std::move(name),
                    .layer = std::move(layer),
                    .inputs = std::move(inputs),
                    .plan = plan,
                    .parameters = slice,
                    .buffers = buffers});
  return number;
}

bool Net::EveryNodeIsUsed() const {
  std::vector<bool> used(nodes_.size());
  for (const Node& node : nodes_) {
    for (const int input : node.inputs) {
      if (input != kInput) {
        used[input] = true;
      }
    }
  }
  return std::all_of(used.begin(), used.end() - 1, [](bool is_used) { return is_used; });
}

int64_t Net::flops() const {
  int64_t sum = 0;
  for (const Node& node : nodes_) {
    sum += node.plan.flops;
  }
  return sum;
}

}  // namespace lockstep
