#include "trainer/optim/rmsprop.h"

#include <algorithm>
#include <cmath>

#include "trainer/base/check.h"

namespace lockstep {

namespace {

// What a step multiplies with, once for all parameters of a block.
struct RmspropFactors {
  float rate;
  float decay;
  float keep;
  float take;
  float epsilon;
  float momentum;
};

LOCKSTEP_EVERY_CPU void StepPlain(const RmspropFactors& factors, std::span<const float> gradient,
                                  float* value, float* square, float* velocity) {
  const RmspropFactors f = factors;  // not to be read again after each value written
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i] + f.decay * value[i];
    square[i] = f.keep * square[i] + f.take * (g * g);
    velocity[i] = f.momentum * velocity[i] + g / (std::sqrt(square[i]) + f.epsilon);
    value[i] -= f.rate * velocity[i];
  }
}

LOCKSTEP_EVERY_CPU void StepCentered(const RmspropFactors& factors, std::span<const float> gradient,
                                     float* value, float* square, float* mean, float* velocity) {
  const RmspropFactors f = factors;
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i] + f.decay * value[i];
    square[i] = f.keep * square[i] + f.take * (g * g);
    mean[i] = f.keep * mean[i] + f.take * g;
    // Rounding can make the variance of a steady gradient negative.
    const float variance = std::max(square[i] - mean[i] * mean[i], 0.0F);
    velocity[i] = f.momentum * velocity[i] + g / (std::sqrt(variance) + f.epsilon);
    value[i] -= f.rate * velocity[i];
  }
}

}  // namespace

Rmsprop::Rmsprop(const RmspropOptions& options, const Blocks& blocks)
    : options_(options),
      blocks_(MergeByDecay(blocks)),
      square_(TotalSize(blocks), 0.0F),
      mean_(options.centered ? square_.size() : 0, 0.0F),
      velocity_(square_.size(), 0.0F) {}

void Rmsprop::Step(const Update& update) {
  CHECK_EQ(update.values.size(), square_.size());
  CHECK_EQ(update.gradient.size(), square_.size());
  RmspropFactors factors{.rate = static_cast<float>(update.learning_rate),
                         .decay = 0,
                         .keep = static_cast<float>(options_.smoothing),
                         .take = static_cast<float>(1 - options_.smoothing),
                         .epsilon = static_cast<float>(options_.epsilon),
                         .momentum = static_cast<float>(options_.momentum)};
  for (const Block& block : blocks_) {
    factors.decay = block.decays ? static_cast<float>(options_.weight_decay) : 0;
    const std::span<const float> gradient = update.gradient.subspan(block.begin, block.size);
    float* const value = update.values.data() + block.begin;
    float* const square = square_.data() + block.begin;
    float* const velocity = velocity_.data() + block.begin;
    if (options_.centered) {
      StepCentered(factors, gradient, value, square, mean_.data() + block.begin, velocity);
    } else {
      StepPlain(factors, gradient, value, square, velocity);
    }
  }
}

std::vector<Optimizer::Slot> Rmsprop::slots() {
  std::vector<Slot> slots{{.name = "square", .values = square_}};
  if (options_.centered) {
    slots.push_back({.name = "mean", .values = mean_});
  }
  if (options_.momentum != 0) {
    slots.push_back({.name = "velocity", .values = velocity_});
  }
  return slots;
}

}  // namespace lockstep
