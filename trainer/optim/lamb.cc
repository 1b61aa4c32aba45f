#include "trainer/optim/lamb.h"

#include <utility>

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

// Puts the direction, u, in the place of the gradient.
LOCKSTEP_EVERY_CPU void TurnIntoDirection(const LambFactors& factors, std::span<float> gradient,
                                          const float* value, float* mean, float* square) {
  const LambFactors f = factors;  // not to be read again after each value written
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float root = MoveMoments(f.moments, gradient[i], &mean[i], &square[i]);
    gradient[i] = mean[i] / f.mean_correction / root + f.decay * value[i];
  }
}

LOCKSTEP_EVERY_CPU void MoveAlong(float rate, std::span<const float> direction, float* value) {
  for (size_t i = 0; i < direction.size(); ++i) {
    value[i] -= rate * direction[i];
  }
}

double TrustRatio(std::span<const float> values, std::span<const float> direction) {
  const double value_norm = Norm(values);
  const double direction_norm = Norm(direction);
  return value_norm == 0 || direction_norm == 0 ? 1 : value_norm / direction_norm;
}

}  // namespace

Lamb::Lamb(const LambOptions& options, Blocks blocks)
    : options_(options), blocks_(std::move(blocks)) {}

void Lamb::Step(const Update& update, Part part) const {
  CheckUpdate(update, part, blocks_, 2);
  const MomentFactors moments =
      MomentFactorsOf(options_.beta1, options_.beta2, options_.epsilon, update.step);
  LambFactors factors{.moments = moments,
                      .mean_correction = static_cast<float>(moments.mean_correction),
                      .decay = 0};
  ForEachBlockThatBeginsIn(blocks_, part, [&](const Block& block) {
    factors.decay = block.decays ? static_cast<float>(options_.weight_decay) : 0;
    const std::span<float> values = update.values.subspan(block.begin, block.size);
    const std::span<float> direction = update.gradient.subspan(block.begin, block.size);
    TurnIntoDirection(factors, direction, values.data(), update.slots[0].data() + block.begin,
                      update.slots[1].data() + block.begin);
    const double ratio = block.decays ? TrustRatio(values, direction) : 1;
    MoveAlong(static_cast<float>(update.learning_rate * ratio), direction, values.data());
  });
}

std::vector<std::string> Lamb::slot_names() const { return {"mean", "square"}; }

}  // namespace lockstep
