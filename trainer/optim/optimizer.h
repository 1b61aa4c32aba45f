#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lockstep {

// One update of all parameters, which lie in a flat array.
struct Update {
  double learning_rate = 0;  // the schedule's factor included
  int64_t step = 1;          // the first update of a run is 1
  std::span<float> values;
  std::span<const float> gradient;
};

// Turns gradients into updates. Each parameter tensor's new values depend on its own history
// alone, and are deterministic: the same gradients give the same bits, on any CPU.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // REQUIRES values and gradient to have one element for each parameter.
  virtual void Step(const Update& update) = 0;

  // What is remembered from step to step: for each slot, one number for each parameter, all 0 at
  // first. Write the numbers that another instance of the same options had after step n into the
  // slots, and step n + 1 gives the bits that the other one would have given.
  struct Slot {
    std::string name;
    std::span<float> values;
  };
  virtual std::vector<Slot> slots() = 0;
};

}  // namespace lockstep
