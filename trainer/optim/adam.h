#pragma once

#include <cstddef>
#include <vector>

#include "trainer/optim/optimizer.h"

namespace lockstep {

struct AdamOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  // L2: added to the gradient, times the value
};

// Adam (Kingma and Ba 2015), as in PyTorch:
//   g = gradient + weight_decay * value
//   mean = beta1 * mean + (1 - beta1) * g
//   square = beta2 * square + (1 - beta2) * g * g
//   value -= learning_rate / (1 - beta1^step) * mean / (sqrt(square / (1 - beta2^step)) + epsilon)
// Slots "mean" and "square". The powers come from the step's number, so there is no other state.
class Adam : public Optimizer {
 public:
  Adam(const AdamOptions& options, size_t parameters);

  void Step(const Update& update) override;
  std::vector<Slot> slots() override;

 private:
  AdamOptions options_;
  std::vector<float> mean_;
  std::vector<float> square_;
};

}  // namespace lockstep
