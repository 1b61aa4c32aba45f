#pragma once

#include <string>
#include <vector>

#include "trainer/optim/blocks.h"
#include "trainer/optim/optimizer.h"

namespace lockstep {

struct LarsOptions {
  double momentum = 0.9;
  double trust_coefficient = 0.001;
  double weight_decay = 0;
};

// LARS (You, Gitman and Ginsburg 2017, "Large batch training of convolutional networks", equation 6
// and algorithm 1). For each parameter tensor, with Euclidean norms |.| over the tensor:
//   ratio = trust_coefficient * |value| / (|gradient| + weight_decay * |value|)
//   velocity = momentum * velocity + learning_rate * ratio * (gradient + weight_decay * value)
//   value -= velocity
// The ratio is 1 where either norm is 0, and in blocks without decay. Norms are summed in double in
// an order that depends on the tensor's size alone. Slot "velocity".
class Lars : public Optimizer {
 public:
  Lars(const LarsOptions& options, Blocks blocks);

  void Step(const Update& update, Part part) const override;
  bool updates_elements_alone() const override { return false; }
  std::vector<std::string> slot_names() const override;

 private:
  LarsOptions options_;
  Blocks blocks_;
};

}  // namespace lockstep
