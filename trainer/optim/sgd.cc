#include "trainer/optim/sgd.h"

namespace lockstep {

namespace {

// What a step multiplies with, once for all parameters of a block.
struct SgdFactors {
  float rate;
  float decay;
  float momentum;
};

LOCKSTEP_EVERY_CPU void StepPlainly(const SgdFactors& factors, std::span<const float> gradient,
                                    float* value) {
  const SgdFactors f = factors;  // not to be read again after each value written
  for (size_t i = 0; i < gradient.size(); ++i) {
    value[i] -= f.rate * (gradient[i] + f.decay * value[i]);
  }
}

LOCKSTEP_EVERY_CPU void StepWithMomentum(const SgdFactors& factors, std::span<const float> gradient,
                                         float* value, float* velocity) {
  const SgdFactors f = factors;
  for (size_t i = 0; i < gradient.size(); ++i) {
    velocity[i] = f.momentum * velocity[i] + (gradient[i] + f.decay * value[i]);
    value[i] -= f.rate * velocity[i];
  }
}

LOCKSTEP_EVERY_CPU void StepNesterov(const SgdFactors& factors, std::span<const float> gradient,
                                     float* value, float* velocity) {
  const SgdFactors f = factors;
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i] + f.decay * value[i];
    velocity[i] = f.momentum * velocity[i] + g;
    value[i] -= f.rate * (g + f.momentum * velocity[i]);
  }
}

}  // namespace

Sgd::Sgd(const SgdOptions& options, const Blocks& blocks)
    : options_(options), blocks_(MergeByDecay(blocks)) {}

void Sgd::Step(const Update& update, Part part) const {
  const bool remembers = options_.momentum != 0;
  CheckUpdate(update, part, blocks_, remembers ? 1 : 0);
  ForEachBlockIn(blocks_, part, [&](const Block& block) {
    const double decay = block.decays ? options_.weight_decay : 0;
    const SgdFactors factors{.rate = static_cast<float>(update.learning_rate),
                             .decay = static_cast<float>(decay),
                             .momentum = static_cast<float>(options_.momentum)};
    const std::span<const float> gradient = update.gradient.subspan(block.begin, block.size);
    float* const value = update.values.data() + block.begin;
    if (!remembers) {
      StepPlainly(factors, gradient, value);
    } else if (options_.nesterov) {
      StepNesterov(factors, gradient, value, update.slots[0].data() + block.begin);
    } else {
      StepWithMomentum(factors, gradient, value, update.slots[0].data() + block.begin);
    }
  });
}

std::vector<std::string> Sgd::slot_names() const {
  if (options_.momentum == 0) {
    return {};
  }
  return {"velocity"};
}

}  // namespace lockstep
