#include "trainer/optim/adam.h"

#include <cmath>

#include "trainer/base/check.h"

namespace lockstep {

namespace {

// What a step multiplies with, once for all parameters of a block.
struct AdamFactors {
  float rate;
  float root_correction;
  float epsilon;
  float decay;  // of the gradient's sum
  float keep;   // of the value
  float keep_mean;
  float take_mean;
  float keep_square;
  float take_square;
};

LOCKSTEP_EVERY_CPU void StepAll(const AdamFactors& factors, std::span<const float> gradient,
                                float* value, float* mean, float* square) {
  const AdamFactors f = factors;  // not to be read again after each value written
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i] + f.decay * value[i];
    mean[i] = f.keep_mean * mean[i] + f.take_mean * g;
    square[i] = f.keep_square * square[i] + f.take_square * (g * g);
    const float root = std::sqrt(square[i]) / f.root_correction + f.epsilon;
    value[i] = f.keep * value[i] - f.rate * (mean[i] / root);
  }
}

}  // namespace

Adam::Adam(const AdamOptions& options, const Blocks& blocks)
    : options_(options),
      blocks_(MergeByDecay(blocks)),
      mean_(TotalSize(blocks), 0.0F),
      square_(mean_.size(), 0.0F) {}

void Adam::Step(const Update& update) {
  CHECK_EQ(update.values.size(), mean_.size());
  CHECK_EQ(update.gradient.size(), mean_.size());
  CHECK_GE(update.step, 1);
  const auto steps = static_cast<double>(update.step);
  const double mean_correction = 1 - std::pow(options_.beta1, steps);
  const double square_correction = 1 - std::pow(options_.beta2, steps);
  AdamFactors factors{.rate = static_cast<float>(update.learning_rate / mean_correction),
                      .root_correction = static_cast<float>(std::sqrt(square_correction)),
                      .epsilon = static_cast<float>(options_.epsilon),
                      .decay = 0,
                      .keep = 1,
                      .keep_mean = static_cast<float>(options_.beta1),
                      .take_mean = static_cast<float>(1 - options_.beta1),
                      .keep_square = static_cast<float>(options_.beta2),
                      .take_square = static_cast<float>(1 - options_.beta2)};
  for (const Block& block : blocks_) {
    const double decay = block.decays ? options_.weight_decay : 0;
    if (options_.decay == AdamDecay::kL2) {
      factors.decay = static_cast<float>(decay);
    } else {
      factors.keep = static_cast<float>(1 - update.learning_rate * decay);
    }
    StepAll(factors, update.gradient.subspan(block.begin, block.size),
            update.values.data() + block.begin, mean_.data() + block.begin,
            square_.data() + block.begin);
  }
}

std::vector<Optimizer::Slot> Adam::slots() {
  return {{.name = "mean", .values = mean_}, {.name = "square", .values = square_}};
}

}  // namespace lockstep
