#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "trainer/tensor/convolution/convolution.h"

namespace lockstep {

enum class Pooling { kNone, kMax2x2 };  // 2x2 windows, stride 2, no padding

struct FusedParameters {
  ConvolutionWeights weights;
  const float* bias;  // of every filter
};

struct FusedGradients {
  ConvolutionGradients convolution;
  float* bias;  // added to
};

// A convolution, its bias, relu and perhaps max pooling in one go: the numbers between them stay in
// the caches. What the layers of these names compute one after the other, NaN included, but for
// rounding. Otherwise as a ConvolutionAlgorithm.
class FusedConvolution {
 public:
  FusedConvolution(const ConvolutionGeometry& geometry, Pooling pooling)
      : geometry_(geometry), pooling_(pooling) {}
  virtual ~FusedConvolution() = default;

  Pooling pooling() const { return pooling_; }
  // Of a sample, after everything.
  Shape output() const;
  // What Forward leaves for Backward, for each sample: where each window's largest number was.
  int64_t kept_bytes() const { return pooling_ == Pooling::kNone ? 0 : output().size(); }

  virtual std::string_view name() const = 0;
  virtual int64_t scratch_bytes() const = 0;
  // As a ConvolutionAlgorithm's.
  virtual int64_t prepared_bytes() const { return 0; }
  virtual void Prepare(const float* /*weights*/, std::span<std::byte> /*prepared*/) const {}

  // Writes all of `output`. Where there is no Backward to follow, `kept` may be empty.
  virtual void Forward(const FusedParameters& parameters, ConstTensor input, Tensor output,
                       std::span<std::byte> kept, std::span<std::byte> scratch) const = 0;

  // `input`, `output` and `kept` are what Forward had and gave.
  virtual void Backward(const FusedParameters& parameters, ConstTensor input, ConstTensor output,
                        std::span<const std::byte> kept, ConstTensor output_gradient,
                        const FusedGradients& gradients, std::span<std::byte> scratch) const = 0;

 protected:
  const ConvolutionGeometry& geometry() const { return geometry_; }

 private:
  ConvolutionGeometry geometry_;
  Pooling pooling_;
};

// The algorithm that serves the geometry best fused, of those that `choice` allows; nullptr where
// none is faster than one layer after the other.
std::unique_ptr<FusedConvolution> MakeFusedConvolution(
    const ConvolutionGeometry& geometry, Pooling pooling, int max_batch,
    ConvolutionChoice choice = ConvolutionChoice::kAuto);

}  // namespace lockstep
