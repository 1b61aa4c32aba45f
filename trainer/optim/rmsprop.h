#pragma once

#include <string>
#include <vector>

#include "trainer/optim/blocks.h"
#include "trainer/optim/optimizer.h"

namespace lockstep {

struct RmspropOptions {
  double smoothing = 0.99;
  double epsilon = 1e-8;
  double momentum = 0;
  bool centered = false;
  double weight_decay = 0;  // L2: added to the gradient, times the value
};

// RMSprop (Tieleman and Hinton 2012, lecture 6.5, slide 29), as in PyTorch:
//   g = gradient + weight_decay * value
//   square = smoothing * square + (1 - smoothing) * g * g
//   d = g / (sqrt(square) + epsilon)
//   velocity = momentum * velocity + d
//   value -= learning_rate * velocity
// Centered (Graves 2013, section 4.2, equations 38 to 41): the root is of the variance,
//   mean = smoothing * mean + (1 - smoothing) * g
//   d = g / (sqrt(square - mean * mean) + epsilon)
// Slots "square"; "mean" if centered; "velocity" unless momentum is 0.
class Rmsprop : public Optimizer {
 public:
  Rmsprop(const RmspropOptions& options, const Blocks& blocks);

  void Step(const Update& update, Part part) const override;
  std::vector<std::string> slot_names() const override;

 private:
  // Takes the step for parameters of one block, not too many.
  void StepFew(const Update& update, const Block& few) const;

  RmspropOptions options_;
  Blocks blocks_;
};

}  // namespace lockstep
