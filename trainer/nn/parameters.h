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

// All parameters of a net as slices of one flat array, in the order in which forward uses them.
class ParameterLayout {
 public:
  // Appends a parameter of the layer called `layer`. Returns its place.
  ParameterSlice Add(const std::string& layer, ParameterSpec spec);

  // Numbers in the flat array.
  int64_t size() const { return size_; }
  std::span<const Parameter> parameters() const { return parameters_; }

 private:
  std::vector<Parameter> parameters_;
  int64_t size_ = 0;
};

// Draws every parameter's first values: a pure function of the seed, the parameter's position in
// the layout and the element's index in the exported order. REQUIRES values.size() ==
// layout.size().
void Initialize(const ParameterLayout& layout, uint64_t seed, std::span<float> values);

// Copies one parameter out of a flat array into PyTorch's order, and back. The same works for any
// array with the layout's shape: gradients, optimiser slots.
std::vector<float> ExportParameter(const Parameter& parameter, std::span<const float> flat);
void ImportParameter(const Parameter& parameter, std::span<const float> exported,
                     std::span<float> flat);

}  // namespace lockstep
