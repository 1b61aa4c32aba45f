#include "trainer/optim/rmsprop.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lockstep {

namespace {

// What the directions of a block are computed with.
struct RmspropFactors {
  float decay;
  float keep;
  float take;
  float epsilon;
};

// Directions are computed for so many parameters at a time, which stay in the first cache.
constexpr size_t kMostAtOnce = 1024;

LOCKSTEP_EVERY_CPU void FindDirection(const RmspropFactors& factors,
                                      std::span<const float> gradient, const float* value,
                                      float* square, float* direction) {
  const RmspropFactors f = factors;  // not to be read again after each value written
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i] + f.decay * value[i];
    square[i] = f.keep * square[i] + f.take * (g * g);
    direction[i] = g / (std::sqrt(square[i]) + f.epsilon);
  }
}

LOCKSTEP_EVERY_CPU void FindCenteredDirection(const RmspropFactors& factors,
                                              std::span<const float> gradient, const float* value,
                                              float* square, float* mean, float* direction) {
  const RmspropFactors f = factors;
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i] + f.decay * value[i];
    square[i] = f.keep * square[i] + f.take * (g * g);
    mean[i] = f.keep * mean[i] + f.take * g;
    // Rounding can make the variance of a steady gradient negative.
    const float variance = std::max(square[i] - mean[i] * mean[i], 0.0F);
    direction[i] = g / (std::sqrt(variance) + f.epsilon);
  }
}

// velocity = momentum * velocity + direction
LOCKSTEP_EVERY_CPU void Accelerate(float momentum, std::span<const float> direction,
                                   float* velocity) {
  for (size_t i = 0; i < direction.size(); ++i) {
    velocity[i] = momentum * velocity[i] + direction[i];
  }
}

LOCKSTEP_EVERY_CPU void Advance(float rate, const float* velocity, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] -= rate * velocity[i];
  }
}

}  // namespace

Rmsprop::Rmsprop(const RmspropOptions& options, const Blocks& blocks)
    : options_(options), blocks_(MergeByDecay(blocks)) {}

void Rmsprop::Step(const Update& update, Part part) const {
  CheckUpdate(update, part, blocks_,
              size_t{1} + (options_.centered ? 1 : 0) + (options_.momentum == 0 ? 0 : 1));
  ForEachBlockIn(blocks_, part, [&](const Block& block) {
    const size_t end = block.begin + block.size;
    for (size_t begin = block.begin; begin < end; begin += kMostAtOnce) {
      StepFew(update,
              {.begin = begin, .size = std::min(kMostAtOnce, end - begin), .decays = block.decays});
    }
  });
}

void Rmsprop::StepFew(const Update& update, const Block& few) const {
  const RmspropFactors factors{.decay = few.decays ? static_cast<float>(options_.weight_decay) : 0,
                               .keep = static_cast<float>(options_.smoothing),
                               .take = static_cast<float>(1 - options_.smoothing),
                               .epsilon = static_cast<float>(options_.epsilon)};
  const std::span<const float> gradient = update.gradient.subspan(few.begin, few.size);
  const std::span<float> values = update.values.subspan(few.begin, few.size);
  float* const square = update.slots.front().data() + few.begin;
  std::array<float, kMostAtOnce> direction;
  if (options_.centered) {
    float* const mean = update.slots[1].data() + few.begin;
    FindCenteredDirection(factors, gradient, values.data(), square, mean, direction.data());
  } else {
    FindDirection(factors, gradient, values.data(), square, direction.data());
  }
  const float* step = direction.data();
  if (options_.momentum != 0) {
    float* const velocity = update.slots.back().data() + few.begin;
    Accelerate(static_cast<float>(options_.momentum), std::span(direction).first(few.size),
               velocity);
    step = velocity;
  }
  Advance(static_cast<float>(update.learning_rate), step, values);
}

std::vector<std::string> Rmsprop::slot_names() const {
  std::vector<std::string> names{"square"};
  if (options_.centered) {
    names.emplace_back("mean");
  }
  if (options_.momentum != 0) {
    names.emplace_back("velocity");
  }
  return names;
}

}  // namespace lockstep
