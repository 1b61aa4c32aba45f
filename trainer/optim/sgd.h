#pragma once

#include <string>
#include <vector>

#include "trainer/optim/blocks.h"
#include "trainer/optim/optimizer.h"

namespace lockstep {

struct SgdOptions {
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;  // L2: added to the gradient, times the value
};

// Stochastic gradient descent with momentum, as in PyTorch:
//   g = gradient + weight_decay * value
//   velocity = momentum * velocity + g
//   value -= learning_rate * velocity                        without Nesterov
//   value -= learning_rate * (g + momentum * velocity)       with
// Slot "velocity", unless momentum is 0.
class Sgd : public Optimizer {
 public:
  Sgd(const SgdOptions& options, const Blocks& blocks);

  void Step(const Update& update, Part part) const override;
  std::vector<std::string> slot_names() const override;

 private:
  SgdOptions options_;
  Blocks blocks_;
};

}  // namespace lockstep
