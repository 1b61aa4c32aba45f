#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/trainer/nn/reference.h"
#include "trainer/nn/layer.h"
#include "trainer/tensor/aligned_buffer.h"

// Runs single layers as NetExecutor does, on memory that notices misuse, and holds them against
// their double-precision references.

namespace lockstep {

// `size` bytes on a 64-byte boundary between two guards, all NaN when read as floats.
class GuardedBytes {
 public:
  explicit GuardedBytes(int64_t size);

  std::span<std::byte> bytes() { return memory_.span().subspan(kGuard, size_); }
  std::span<float> floats();
  void Poison();
  // Nothing was written outside.
  bool intact() const;

 private:
  static constexpr size_t kGuard = 64;
  size_t size_;
  AlignedBuffer<std::byte> memory_;
};

// What lies in memory as N x H x W x C.
Array ToArray(std::span<const float> memory, int batch, const Shape& shape);

// What keys a layer's random draws.
struct DrawKey {
  uint64_t seed = 11;
  int64_t step = 5;
  uint16_t layer = 2;
  std::vector<uint32_t> sample_ids = {40, 7, 19, 3, 28, 11, 64, 1};
};

// One built layer and the memory for a microbatch. Fails the test when the layer writes outside
// what it may write to.
class LayerRunner {
 public:
  // Builds `layer`, which must outlive the runner. Throws LayerError.
  LayerRunner(Layer& layer, std::vector<Shape> inputs, int max_batch, DrawKey key = {});

  const LayerPlan& plan() const { return plan_; }
  // The layer's own parameters.
  std::span<const Parameter> parameters() const { return layout_.parameters().subspan(1); }
  ParameterValues RandomParameters(RandomStream& stream) const;

  // The output memory is poisoned before; what the layer leaves unwritten is NaN.
  Array Forward(Phase phase, const std::vector<Array>& inputs, const ParameterValues& parameters);

  // Values of the layer's buffers, in the layout's order; their initial ones at first.
  void SetBuffers(const std::vector<std::vector<double>>& values);
  // What the last Forward in Phase::kTraining made of the statistics, likewise.
  std::vector<std::vector<double>> Statistics();

  // After Forward in Phase::kTraining. Parameter gradients begin as `start`; input gradients begin
  // poisoned, and those with wanted[i] == false are not asked for and come back empty.
  LayerGradients Backward(const Array& output_gradient, const ParameterValues& start,
                          const std::vector<bool>& wanted);

 private:
  NetValues Values() { return {.parameters = values_.floats(), .buffers = buffers_.floats()}; }
  LayerContext Context(Phase phase);
  void ExpectIntact() const;

  Layer& layer_;
  std::vector<Shape> input_shapes_;
  DrawKey key_;
  ParameterLayout layout_;
  LayerPlan plan_;
  GuardedBytes values_{0};
  GuardedBytes gradients_{0};
  GuardedBytes buffers_{0};
  GuardedBytes statistics_{0};
  GuardedBytes saved_{0};
  GuardedBytes prepared_{0};
  GuardedBytes scratch_{0};
  int batch_ = 0;
  std::vector<GuardedBytes> inputs_;
  GuardedBytes output_{0};
};

// The largest difference relative to the largest expected number is at most 1e-5. Names the
// element that is furthest off.
void ExpectClose(const Array& actual, const Array& expected, const std::string& what);
void ExpectClose(const std::vector<double>& actual, const std::vector<double>& expected,
                 const std::string& what);

struct LayerCase {
  std::vector<Shape> inputs;
  int max_batch = 3;
  uint64_t seed = 1;
  bool same_in_evaluation = true;
  DrawKey key = {};
};

// The whole contract of layer.h on random numbers, for a full microbatch and a shorter one:
// - the reference's gradients are those of its forward,
// - the layer's output, input gradients and parameter gradients are the reference's,
// - output and input gradients are overwritten, parameter gradients are added to,
// - a gradient that is not wanted changes nothing else,
// - nothing is written outside what the plan asked for, nothing is kept in scratch memory,
// - the same call gives the same bits, and so does evaluation (unless the case says otherwise).
void ExpectKeepsContract(Layer& layer, const Reference& reference, const LayerCase& layer_case);

// Build refuses these inputs with a LayerError of exactly this field and text.
void ExpectRefuses(Layer& layer, const std::vector<Shape>& inputs, const std::string& field,
                   const std::string& message);

}  // namespace lockstep
