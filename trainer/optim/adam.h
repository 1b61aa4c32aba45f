#pragma once

#include <string>
#include <vector>

#include "trainer/optim/blocks.h"
#include "trainer/optim/optimizer.h"

namespace lockstep {

enum class AdamDecay {
  kL2,         // Adam: added to the gradient, times the value
  kDecoupled,  // AdamW: taken from the value, times the learning rate
};

struct AdamOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  AdamDecay decay = AdamDecay::kL2;
};

// Adam (Kingma and Ba 2015, algorithm 1), as in PyTorch:
//   g = gradient + weight_decay * value
//   mean = beta1 * mean + (1 - beta1) * g
//   square = beta2 * square + (1 - beta2) * g * g
//   value -= learning_rate / (1 - beta1^step) * mean / (sqrt(square / (1 - beta2^step)) + epsilon)
// AdamW (Loshchilov and Hutter 2019, algorithm 2), as in PyTorch: g is the gradient alone, and the
// last line begins with
//   value *= 1 - learning_rate * weight_decay
// Slots "mean" and "square". The powers come from the step's number, so nothing else is remembered.
class Adam : public Optimizer {
 public:
  Adam(const AdamOptions& options, const Blocks& blocks);

  void Step(const Update& update, Part part) const override;
  std::vector<std::string> slot_names() const override;

 private:
  AdamOptions options_;
  Blocks blocks_;
};

}  // namespace lockstep
