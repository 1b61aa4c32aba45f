#include "trainer/optim/sgd.h"

#include "trainer/base/check.h"

namespace lockstep {

Sgd::Sgd(const SgdOptions& options, size_t parameters)
    : options_(options),
      parameters_(parameters),
      velocity_(options.momentum == 0 ? 0 : parameters, 0.0F) {}

void Sgd::Step(const Update& update) {
  CHECK_EQ(update.values.size(), parameters_);
  CHECK_EQ(update.gradient.size(), parameters_);
  const auto rate = static_cast<float>(update.learning_rate);
  const auto decay = static_cast<float>(options_.weight_decay);
  const auto momentum = static_cast<float>(options_.momentum);
  float* value = update.values.data();
  const float* gradient = update.gradient.data();
  float* velocity = velocity_.data();
  if (velocity_.empty()) {
    for (size_t i = 0; i < parameters_; ++i) {
      value[i] -= rate * (gradient[i] + decay * value[i]);
    }
  } else if (options_.nesterov) {
    for (size_t i = 0; i < parameters_; ++i) {
      const float g = gradient[i] + decay * value[i];
      velocity[i] = momentum * velocity[i] + g;
      value[i] -= rate * (g + momentum * velocity[i]);
    }
  } else {
    for (size_t i = 0; i < parameters_; ++i) {
      velocity[i] = momentum * velocity[i] + (gradient[i] + decay * value[i]);
      value[i] -= rate * velocity[i];
    }
  }
}

std::vector<Optimizer::Slot> Sgd::slots() {
  if (velocity_.empty()) {
    return {};
  }
  return {{.name = "velocity", .values = velocity_}};
}

}  // namespace lockstep
