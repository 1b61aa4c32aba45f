#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "trainer/tensor/convolution/geometry.h"
#include "trainer/tensor/tensor.h"

namespace lockstep {

// Where a backward pass writes.
struct ConvolutionGradients {
  float* weights;  // added to
  Tensor input;    // overwritten; not wanted where it has no data
};

// The weights of a convolution, and what its algorithm has derived from them.
struct ConvolutionWeights {
  const float* values;
  std::span<const std::byte> prepared;
};

// One way to compute the convolutions of one geometry. Constant: any number of threads may call it,
// each with its own scratch. Allocates nothing.
//
// Input and output are batches of 1 to max_batch samples in NHWC order. Weights lie as (kernel
// height, kernel width, channels / groups, filters), with the filters of group g in columns
// [g * filters / groups, (g + 1) * filters / groups). The kernel is not flipped (cross-correlation,
// as in PyTorch and ONNX).
//
// The result's bits depend on the geometry, the batch, the numbers and the CPU type alone: not on
// max_batch, not on what the scratch held, not on where anything lies in memory.
class ConvolutionAlgorithm {
 public:
  virtual ~ConvolutionAlgorithm() = default;

  // For reports: "gemm".
  virtual std::string_view name() const = 0;

  // Bytes of scratch that a call of Forward or Backward needs, 64-byte aligned.
  virtual int64_t scratch_bytes() const = 0;

  // Bytes of what Prepare derives from the weights, 64-byte aligned; 0: nothing.
  virtual int64_t prepared_bytes() const { return 0; }
  // Writes `prepared`, which then serves any number of batches with these weights.
  virtual void Prepare(const float* /*weights*/, std::span<std::byte> /*prepared*/) const {}

  // Writes all of `output`.
  virtual void Forward(const ConvolutionWeights& weights, ConstTensor input, Tensor output,
                       std::span<std::byte> scratch) const = 0;

  // `input` is what Forward had.
  virtual void Backward(const ConvolutionWeights& weights, ConstTensor input,
                        ConstTensor output_gradient, const ConvolutionGradients& gradients,
                        std::span<std::byte> scratch) const = 0;
};

// Which algorithm to use, where it serves the geometry; kGemm where it does not. Results differ in
// their rounding alone.
enum class ConvolutionChoice { kAuto, kWinograd, kGemm, kDirect };

inline bool Allows(ConvolutionChoice choice, ConvolutionChoice algorithm) {
  return choice == ConvolutionChoice::kAuto || choice == algorithm;
}

// The one place that decides which algorithm serves which geometry.
std::unique_ptr<ConvolutionAlgorithm> MakeConvolution(
    const ConvolutionGeometry& geometry, int max_batch,
    ConvolutionChoice choice = ConvolutionChoice::kAuto);

}  // namespace lockstep
