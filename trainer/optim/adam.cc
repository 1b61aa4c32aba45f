#include "trainer/optim/adam.h"

#include <cmath>

#include "trainer/base/check.h"

namespace lockstep {

Adam::Adam(const AdamOptions& options, size_t parameters)
    : options_(options), mean_(parameters, 0.0F), square_(parameters, 0.0F) {}

void Adam::Step(const Update& update) {
  CHECK_EQ(update.values.size(), mean_.size());
  CHECK_EQ(update.gradient.size(), mean_.size());
  CHECK_GE(update.step, 1);
  const auto steps = static_cast<double>(update.step);
  const double mean_correction = 1 - std::pow(options_.beta1, steps);
  const double square_correction = 1 - std::pow(options_.beta2, steps);
  const auto rate = static_cast<float>(update.learning_rate / mean_correction);
  const auto root_correction = static_cast<float>(std::sqrt(square_correction));
  const auto epsilon = static_cast<float>(options_.epsilon);
  const auto decay = static_cast<float>(options_.weight_decay);
  const auto keep_mean = static_cast<float>(options_.beta1);
  const auto take_mean = static_cast<float>(1 - options_.beta1);
  const auto keep_square = static_cast<float>(options_.beta2);
  const auto take_square = static_cast<float>(1 - options_.beta2);
  float* value = update.values.data();
  const float* gradient = update.gradient.data();
  float* mean = mean_.data();
  float* square = square_.data();
  for (size_t i = 0; i < mean_.size(); ++i) {
    const float g = gradient[i] + decay * value[i];
    mean[i] = keep_mean * mean[i] + take_mean * g;
    square[i] = keep_square * square[i] + take_square * (g * g);
    const float root = std::sqrt(square[i]) / root_correction + epsilon;
    value[i] -= rate * (mean[i] / root);
  }
}

std::vector<Optimizer::Slot> Adam::slots() {
  return {{.name = "mean", .values = mean_}, {.name = "square", .values = square_}};
}

}  // namespace lockstep
