#include "trainer/optim/lamb.h"

#include <algorithm>
#include <utility>

#include "trainer/base/check.h"
#include "trainer/optim/clip.h"
#include "trainer/optim/moments.h"

namespace lockstep {

namespace {

// What a step multiplies with, once for all elements of a tensor.
struct LambFactors {
  MomentFactors moments;
  float mean_correction;
  float decay;
};

LOCKSTEP_EVERY_CPU void FillDirection(const LambFactors& factors, std::span<const float> gradient,
                                      const float* value, float* mean, float* square,
                                      float* direction) {
  const LambFactors f = factors;  // not to be read again after each value written
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float root = MoveMoments(f.moments, gradient[i], &mean[i], &square[i]);
    direction[i] = mean[i] / f.mean_correction / root + f.decay * value[i];
  }
}

LOCKSTEP_EVERY_CPU void MoveAlong(float rate, std::span<const float> direction, float* value) {
  for (size_t i = 0; i < direction.size(); ++i) {
    value[i] -= rate * direction[i];
  }
}

double TrustRatio(std::span<const float> values, std::span<const float> direction) {
  const double value_norm = GlobalNorm(values);
  const double direction_norm = GlobalNorm(direction);
  return value_norm == 0 || direction_norm == 0 ? 1 : value_norm / direction_norm;
}

size_t LargestSize(const Blocks& blocks) {
  size_t largest = 0;
  for (const Block& block : blocks) {
    largest = std::max(largest, block.size);
  }
  return largest;
}

}  // namespace

Lamb::Lamb(const LambOptions& options, Blocks blocks)
    : options_(options),
      blocks_(std::move(blocks)),
      mean_(TotalSize(blocks_), 0.0F),
      square_(mean_.size(), 0.0F),
      direction_(LargestSize(blocks_)) {}

void Lamb::Step(const Update& update) {
  CHECK_EQ(update.values.size(), mean_.size());
  CHECK_EQ(update.gradient.size(), mean_.size());
  const MomentFactors moments =
      MomentFactorsOf(options_.beta1, options_.beta2, options_.epsilon, update.step);
  LambFactors factors{.moments = moments,
                      .mean_correction = static_cast<float>(moments.mean_correction),
                      .decay = 0};
  for (const Block& block : blocks_) {
    factors.decay = block.decays ? static_cast<float>(options_.weight_decay) : 0;
    const std::span<float> values = update.values.subspan(block.begin, block.size);
    const std::span<float> direction = std::span(direction_).first(block.size);
    FillDirection(factors, update.gradient.subspan(block.begin, block.size), values.data(),
                  mean_.data() + block.begin, square_.data() + block.begin, direction.data());
    const double ratio = block.decays ? TrustRatio(values, direction) : 1;
    MoveAlong(static_cast<float>(update.learning_rate * ratio), direction, values.data());
  }
}

std::vector<Optimizer::Slot> Lamb::slots() {
  return {{.name = "mean", .values = mean_}, {.name = "square", .values = square_}};
}

}  // namespace lockstep
