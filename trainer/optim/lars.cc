#include "trainer/optim/lars.h"

#include <utility>

#include "trainer/optim/clip.h"

namespace lockstep {

namespace {

// What a step multiplies with, once for all elements of a tensor.
struct LarsFactors {
  float rate;
  float decay;
  float momentum;
};

LOCKSTEP_EVERY_CPU void StepBlock(const LarsFactors& factors, std::span<const float> gradient,
                                  float* value, float* velocity) {
  const LarsFactors f = factors;  // not to be read again after each value written
  for (size_t i = 0; i < gradient.size(); ++i) {
    velocity[i] = f.momentum * velocity[i] + f.rate * (gradient[i] + f.decay * value[i]);
    value[i] -= velocity[i];
  }
}

double LocalRate(const LarsOptions& options, std::span<const float> values,
                 std::span<const float> gradient) {
  const double value_norm = Norm(values);
  const double gradient_norm = Norm(gradient);
  if (value_norm == 0 || gradient_norm == 0) {
    return 1;
  }
  return options.trust_coefficient * value_norm /
         (gradient_norm + options.weight_decay * value_norm);
}

}  // namespace

Lars::Lars(const LarsOptions& options, Blocks blocks)
    : options_(options), blocks_(std::move(blocks)) {}

void Lars::Step(const Update& update, Part part) const {
  CheckUpdate(update, part, blocks_, 1);
  ForEachBlockThatBeginsIn(blocks_, part, [&](const Block& block) {
    const std::span<float> values = update.values.subspan(block.begin, block.size);
    const std::span<const float> gradient = update.gradient.subspan(block.begin, block.size);
    const double ratio = block.decays ? LocalRate(options_, values, gradient) : 1;
    const double decay = block.decays ? options_.weight_decay : 0;
    StepBlock({.rate = static_cast<float>(update.learning_rate * ratio),
               .decay = static_cast<float>(decay),
               .momentum = static_cast<float>(options_.momentum)},
              gradient, values.data(), update.slots[0].data() + block.begin);
  });
}

std::vector<std::string> Lars::slot_names() const { return {"velocity"}; }

}  // namespace lockstep
