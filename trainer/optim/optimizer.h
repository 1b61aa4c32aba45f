#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/optim/blocks.h"

namespace lockstep {

// One update of all parameters, which lie in flat arrays.
struct Update {
  double learning_rate = 0;  // the schedule's factor included
  int64_t step = 1;          // the first update of a run is 1
  std::span<float> values;
  std::span<float> gradient;  // may be overwritten
  // In the order of slot_names(), each as long as values.
  std::span<const std::span<float>> slots;
};

// Turns gradients into updates. Each parameter tensor's new values depend on its own history
// alone, and are deterministic: the same gradients give the same bits, on any CPU.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // Takes the step for the parameters in `part`. Where a whole tensor's norm matters (LARS, LAMB) a
  // tensor belongs to the part in which it begins, and is then updated whole. Calls for parts that
  // together cover every parameter once take the whole step: in any order, on any threads at the
  // same time, with the same bits.
  // REQUIRES values, gradient and every slot to have one element for each parameter, as many slots
  // as names, and a part within the parameters.
  virtual void Step(const Update& update, Part part) const = 0;

  // Whether each element is updated alone: then Step neither reads nor writes beyond its part.
  virtual bool updates_elements_alone() const { return true; }

  // What is remembered from step to step: names of arrays with one number for each parameter, all 0
  // at first. They are all the memory that an optimiser has: whoever holds the numbers from after
  // step n takes step n + 1, on any optimiser of the same options, with the bits that it would have
  // had anywhere else.
  virtual std::vector<std::string> slot_names() const = 0;
};

// What each optimiser REQUIRES of a step, if it has `slots` slots.
void CheckUpdate(const Update& update, Part part, const Blocks& blocks, size_t slots);

}  // namespace lockstep
