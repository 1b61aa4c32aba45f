#include "trainer/nn/parameters.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "trainer/base/check.h"
#include "trainer/base/random.h"

namespace lockstep {
namespace {

int64_t Product(std::span<const int64_t> dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
}

// Distance in memory between neighbours along each axis of a dense array.
std::vector<int64_t> Strides(std::span<const int64_t> dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t axis = dims.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * dims[axis];
  }
  return strides;
}

// For every element in exported order, its index in memory order.
std::vector<int64_t> MemoryIndices(const ParameterSpec& spec) {
  const std::vector<int64_t> strides = Strides(spec.memory_dims);
  std::vector<int64_t> indices{0};
  for (const int axis : spec.export_axes) {
    std::vector<int64_t> longer;
    longer.reserve(indices.size() * spec.memory_dims[axis]);
    for (const int64_t index : indices) {
      for (int64_t i = 0; i < spec.memory_dims[axis]; ++i) {
        longer.push_back(index + i * strides[axis]);
      }
    }
    indices = std::move(longer);
  }
  return indices;
}

float Draw(const Initializer& initializer, double deviation, RandomStream& stream) {
  switch (initializer.distribution) {
    case Distribution::kConstant:
      return initializer.constant;
    case Distribution::kHeNormal:
    case Distribution::kXavierNormal:
      return static_cast<float>(deviation * stream.Normal());
    case Distribution::kHeUniform:
    case Distribution::kXavierUniform:
      return static_cast<float>(deviation * std::sqrt(3.0) * (2.0 * stream.Uniform() - 1.0));
  }
  return 0;
}

}  // namespace

ParameterSlice ParameterLayout::Add(const std::string& layer, ParameterSpec spec) {
  std::vector<int> axes(spec.memory_dims.size());
  std::iota(axes.begin(), axes.end(), 0);
  CHECK(std::ranges::is_permutation(spec.export_axes, axes));
  const int64_t size = Product(spec.memory_dims);
  CHECK_EQ(Product(spec.export_dims), size);
  const ParameterSlice slice{.offset = size_, .size = size};
  std::string name = layer + "." + spec.name;
  parameters_.push_back({.name = std::move(name), .slice = slice, .spec = std::move(spec)});
  size_ += size;
  return slice;
}

ParameterSlice ParameterLayout::AddBuffer(const std::string& layer, BufferSpec spec) {
  const ParameterSlice slice{.offset = buffer_size_, .size = spec.size};
  std::string name = layer + "." + spec.name;
  buffer_size_ += spec.size;
  buffers_.push_back({.name = std::move(name), .slice = slice, .spec = std::move(spec)});
  return slice;
}

void ParameterLayout::AddStepCount(const std::string& layer, const std::string& name) {
  step_counts_.push_back(layer + "." + name);
}

void Initialize(const ParameterLayout& layout, uint64_t seed, std::span<float> values) {
  CHECK_EQ(static_cast<int64_t>(values.size()), layout.value_count());
  uint32_t position = 0;
  for (const Parameter& parameter : layout.parameters()) {
    RandomStream stream(seed, {.purpose = Purpose::kInitialise, .sample = position++});
    const Initializer& initializer = parameter.spec.initializer;
    const double deviation = StandardDeviation(initializer.distribution, parameter.spec.fan);
    std::vector<float> drawn(parameter.slice.size);
    for (float& value : drawn) {
      value = Draw(initializer, deviation, stream);
    }
    ImportParameter(parameter, drawn, values);
  }
  const std::span<float> buffers = layout.BuffersOf(values);
  for (const Buffer& buffer : layout.buffers()) {
    std::ranges::fill(buffers.subspan(buffer.slice.offset, buffer.slice.size), buffer.spec.initial);
  }
}

void UpdateBuffers(const ParameterLayout& layout, int64_t begin, std::span<const float> means,
                   std::span<float> buffers) {
  const int64_t end = begin + std::ssize(means);
  CHECK_EQ(means.size(), buffers.size());
  CHECK(begin >= 0 && end <= layout.buffer_size());
  for (const Buffer& buffer : layout.buffers()) {
    const double momentum = buffer.spec.momentum;
    const int64_t buffer_end = buffer.slice.offset + buffer.slice.size;
    for (int64_t i = std::max(begin, buffer.slice.offset); i < std::min(end, buffer_end); ++i) {
      buffers[i - begin] =
          static_cast<float>((1 - momentum) * buffers[i - begin] + momentum * means[i - begin]);
    }
  }
}

std::vector<float> ExportParameter(const Parameter& parameter, std::span<const float> flat) {
  std::vector<float> exported;
  exported.reserve(parameter.slice.size);
  for (const int64_t index : MemoryIndices(parameter.spec)) {
    exported.push_back(flat[parameter.slice.offset + index]);
  }
  return exported;
}

void ImportParameter(const Parameter& parameter, std::span<const float> exported,
                     std::span<float> flat) {
  CHECK_EQ(static_cast<int64_t>(exported.size()), parameter.slice.size);
  size_t next = 0;
  for (const int64_t index : MemoryIndices(parameter.spec)) {
    flat[parameter.slice.offset + index] = exported[next++];
  }
}

}  // namespace lockstep
