#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "comm/reducer.h"

namespace lockstep::comm {

// The gradient that microbatch `microbatch` gives to element `i` in these tests: of either sign,
// with magnitudes from 2^-34 to 2^2, so that sums of floats would depend on their order.
float GradientOf(int64_t microbatch, int64_t i);

// sum * scale of the first `microbatches` of them, by the definition of exact sums.
std::vector<float> ExactGradient(int64_t size, int64_t microbatches, double scale);

// How a step's microbatches are dealt and computed. None of it may change an exact sum.
struct Dealing {
  int64_t microbatches = 6;
  std::function<int(int64_t microbatch)> rank_of;  // who computes it
  int threads = 1;                                 // besides the main thread, which polls
  uint32_t seed = 0;                               // order and cut of the contributions
};

// Contributes this rank's microbatches of one step, from Begin until the last Add.
void Contribute(Reducer& reducer, int rank, int64_t size, const Dealing& dealing);

// For Reducer::Await, of a rank that only waits.
inline bool NothingElse() { return false; }

// What a step of a reducer of `size` elements and `tallies` comes to, from Await to Finish.
struct StepResult {
  std::vector<float> gradient;
  std::vector<int64_t> tallies;
  bool in_range = false;
};
StepResult FinishStep(Reducer& reducer, int64_t size, double scale, int64_t tallies = 0,
                      const std::function<bool()>& meanwhile = NothingElse);

}  // namespace lockstep::comm
