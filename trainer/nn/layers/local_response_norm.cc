#include "trainer/nn/layers/local_response_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {
namespace {

void CheckPositive(const std::string& field, double value) {
  if (!(value > 0)) {
    throw LayerError(field, fmt::format("must be above 0, is {}", value));
  }
}

// to[c] = sum over t < size of from[c + t]; from: C + size - 1, to: C
LOCKSTEP_EVERY_CPU void AddUpWindows(const float* from, int size, int channels, float* to) {
  std::copy_n(from, channels, to);
  for (int t = 1; t < size; ++t) {
    for (int c = 0; c < channels; ++c) {
      to[c] += from[c + t];
    }
  }
}

// scale^(-3/4) of each: what everybody takes, without the library's pow.
LOCKSTEP_EVERY_CPU void ThreeQuarters(const float* scale, int channels, float* factors) {
  for (int c = 0; c < channels; ++c) {
    const float root = std::sqrt(scale[c]);
    factors[c] = 1 / (root * std::sqrt(root));
  }
}

// What a call works with, one pixel at a time.
struct PixelScratch {
  const float* border;  // C + size - 1: zeros around what is summed up
  float* inner;         // C, within the border
  float* sums;          // C
  float* factors;       // C
};

PixelScratch Divide(const LayerContext& context, int channels, int size) {
  auto* const first = reinterpret_cast<float*>(context.scratch.data());
  const size_t bordered = static_cast<size_t>(channels) + size - 1;
  std::fill_n(first, bordered, 0.0F);
  return {.border = first,
          .inner = first + size / 2,
          .sums = first + bordered,
          .factors = first + bordered + channels};
}

}  // namespace

LayerPlan LocalResponseNorm::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  CheckAtLeast("size", options_.size, 1);
  if (options_.size % 2 == 0) {
    throw LayerError("size", fmt::format("must be odd, is {}", options_.size));
  }
  CheckPositive("alpha", options_.alpha);
  CheckPositive("beta", options_.beta);
  CheckPositive("k", options_.k);
  const Shape& shape = context.inputs[0];
  constexpr int64_t kBytes = sizeof(float);
  constexpr int64_t kOperations = 4;  // besides the sum: square, scale, power, product
  return {.output = shape,
          .saved_bytes = context.max_batch * shape.size() * kBytes,
          .scratch_bytes = (3 * int64_t{shape.channels} + options_.size - 1) * kBytes,
          .flops = (options_.size + kOperations) * shape.size()};
}

void LocalResponseNorm::Factors(const float* scale, int channels, float* factors) const {
  constexpr double kThreeQuarters = 0.75;
  if (options_.beta == kThreeQuarters) {
    ThreeQuarters(scale, channels, factors);
    return;
  }
  for (int c = 0; c < channels; ++c) {
    factors[c] = static_cast<float>(std::pow(double{scale[c]}, -options_.beta));
  }
}

// Saves scale.
void LocalResponseNorm::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                                Tensor output) const {
  const int channels = output.shape.channels;
  const PixelScratch scratch = Divide(context, channels, options_.size);
  auto* saved =
      context.phase == Phase::kTraining ? reinterpret_cast<float*>(context.saved.data()) : nullptr;
  const auto share = static_cast<float>(options_.alpha / options_.size);
  const auto k = static_cast<float>(options_.k);
  for (int64_t i = 0; i < output.size(); i += channels) {
    const float* const x = inputs[0].data + i;
    for (int c = 0; c < channels; ++c) {
      scratch.inner[c] = x[c] * x[c];
    }
    float* const scale = saved != nullptr ? saved + i : scratch.sums;
    AddUpWindows(scratch.border, options_.size, channels, scale);
    for (int c = 0; c < channels; ++c) {
      scale[c] = k + share * scale[c];
    }
    Factors(scale, channels, scratch.factors);
    for (int c = 0; c < channels; ++c) {
      output.data[i + c] = x[c] * scratch.factors[c];
    }
  }
}

// dx[c] = dy[c] * scale[c]^-beta
//         - 2 * alpha * beta / size * x[c] * the sum of dy * y / scale over the channels around c
void LocalResponseNorm::Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                                 ConstTensor output, ConstTensor output_gradient,
                                 std::span<const Tensor> input_gradients) const {
  const Tensor& input_gradient = input_gradients[0];
  if (!input_gradient) {
    return;
  }
  const int channels = output.shape.channels;
  const PixelScratch scratch = Divide(context, channels, options_.size);
  const auto* const saved = reinterpret_cast<const float*>(context.saved.data());
  const auto weight = static_cast<float>(2 * options_.alpha * options_.beta / options_.size);
  for (int64_t i = 0; i < output.size(); i += channels) {
    const float* const x = inputs[0].data + i;
    const float* const y = output.data + i;
    const float* const dy = output_gradient.data + i;
    const float* const scale = saved + i;
    for (int c = 0; c < channels; ++c) {
      scratch.inner[c] = dy[c] * y[c] / scale[c];
    }
    AddUpWindows(scratch.border, options_.size, channels, scratch.sums);
    Factors(scale, channels, scratch.factors);
    float* const dx = input_gradient.data + i;
    for (int c = 0; c < channels; ++c) {
      dx[c] = dy[c] * scratch.factors[c] - weight * x[c] * scratch.sums[c];
    }
  }
}

}  // namespace lockstep
