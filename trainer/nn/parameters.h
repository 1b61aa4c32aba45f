#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/nn/initializer.h"

namespace lockstep {

// Where a parameter lies in the flat arrays of values and of gradients.
struct ParameterSlice {
  int64_t offset = 0;
  int64_t size = 0;
};

// A parameter as its layer describes it. In memory it is a dense array of `memory_dims`, the order
// that the kernels want; files hold it in PyTorch's order: the memory axes permuted by
// `export_axes`, then seen as `export_dims`. Example, a convolution: memory HWIO, axes {3,2,0,1},
// exported OIHW.
struct ParameterSpec {
  std::string name;  // within the layer: "weight", "bias"
  std::vector<int64_t> memory_dims;
  std::vector<int> export_axes;
  std::vector<int64_t> export_dims;
  Initializer initializer = {};
  Fan fan = {};
};

struct Parameter {
  std::string name;  // "conv1.weight"
  ParameterSlice slice;
  ParameterSpec spec;
};

// A buffer as its layer describes it: numbers that training keeps but no optimiser touches, each
// the running mean of a statistic that the layer takes of every microbatch.
struct BufferSpec {
  std::string name;  // within the layer: "running_mean"
  int64_t size = 0;
  float initial = 0;
  double momentum = 0;  // weight of the newest step's mean in the running one
};

struct Buffer {
  std::string name;      // "bn1.running_mean"
  ParameterSlice slice;  // of the array of buffers
  BufferSpec spec;
};

// All numbers of a net as slices of one flat array: first the parameters, in the order in which
// forward uses them, then the buffers likewise. Gradients have the same layout, with the step's
// mean statistics in the buffers' places; what belongs to parameters alone (an optimiser's slots)
// ends where they end.
class ParameterLayout {
 public:
  // Appends a parameter of the layer called `layer`. Returns its place.
  ParameterSlice Add(const std::string& layer, ParameterSpec spec);
  // Appends a buffer. Returns its place in the array of buffers.
  ParameterSlice AddBuffer(const std::string& layer, BufferSpec spec);
  // The layer called `layer` has an integer `name` that counts the updates of its buffers.
  void AddStepCount(const std::string& layer, const std::string& name);

  // Numbers of all parameters, of all buffers, and of both.
  int64_t size() const { return size_; }
  int64_t buffer_size() const { return buffer_size_; }
  int64_t value_count() const { return size_ + buffer_size_; }
  std::span<const Parameter> parameters() const { return parameters_; }
  std::span<const Buffer> buffers() const { return buffers_; }
  std::span<const std::string> step_counts() const { return step_counts_; }

  // The two parts of a flat array of value_count() numbers.
  template <typename T>
  std::span<T> ParametersOf(std::span<T> flat) const {
    return flat.first(static_cast<size_t>(size_));
  }
  template <typename T>
  std::span<T> BuffersOf(std::span<T> flat) const {
    return flat.subspan(static_cast<size_t>(size_), static_cast<size_t>(buffer_size_));
  }

 private:
  std::vector<Parameter> parameters_;
  std::vector<Buffer> buffers_;
  std::vector<std::string> step_counts_;
  int64_t size_ = 0;
  int64_t buffer_size_ = 0;
};

// Draws every parameter's first values: a pure function of the seed, the parameter's position in
// the layout and the element's index in the exported order; buffers get their initial value.
// REQUIRES values.size() == layout.value_count().
void Initialize(const ParameterLayout& layout, uint64_t seed, std::span<float> values);

// running = (1 - momentum) * running + momentum * mean, for the buffers' numbers from `begin` on,
// where `means` are the means of a step's statistics. REQUIRES spans of the same size, within
// layout.buffer_size().
void UpdateBuffers(const ParameterLayout& layout, int64_t begin, std::span<const float> means,
                   std::span<float> buffers);

// Copies one parameter out of a flat array into PyTorch's order, and back. The same works for any
// array with the layout's shape: gradients, optimiser slots.
std::vector<float> ExportParameter(const Parameter& parameter, std::span<const float> flat);
void ImportParameter(const Parameter& parameter, std::span<const float> exported,
                     std::span<float> flat);

}  // namespace lockstep
