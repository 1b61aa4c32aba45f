#pragma once

#include <string>
#include <vector>

#include "trainer/optim/blocks.h"
#include "trainer/optim/optimizer.h"

namespace lockstep {

struct LambOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-6;
  double weight_decay = 0;
};

// LAMB (You et al. 2020, "Large batch optimization for deep learning", algorithm 2, phi(z) = z).
// For each parameter tensor, with Euclidean norms |.| over the tensor:
//   mean = beta1 * mean + (1 - beta1) * gradient
//   square = beta2 * square + (1 - beta2) * gradient * gradient
//   r = mean / (1 - beta1^step) / (sqrt(square / (1 - beta2^step)) + epsilon)
//   u = r + weight_decay * value
//   value -= learning_rate * |value| / |u| * u
// The ratio |value| / |u| is 1 where either norm is 0, and in blocks without decay. Norms are
// summed in double in an order that depends on the tensor's size alone. Slots "mean" and "square".
// A step leaves u in the place of the gradient.
class Lamb : public Optimizer {
 public:
  Lamb(const LambOptions& options, Blocks blocks);

  void Step(const Update& update, Part part) const override;
  bool updates_elements_alone() const override { return false; }
  std::vector<std::string> slot_names() const override;

 private:
  LambOptions options_;
  Blocks blocks_;
};

}  // namespace lockstep
