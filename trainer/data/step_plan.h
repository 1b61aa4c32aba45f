#pragma once

#include <cstdint>

namespace lockstep {

// begin, begin+1, .., end-1.
struct IndexRange {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return end - begin; }
  bool operator==(const IndexRange&) const = default;
};

// Which positions of which epoch's order a step takes.
struct StepPositions {
  uint32_t epoch = 0;
  IndexRange positions;
};

// How epochs are cut into steps and steps into microbatches. Pure arithmetic: nothing here depends
// on the number of ranks. The last step of an epoch takes what is left, and so does the last
// microbatch of a step.
class StepPlan {
 public:
  // REQUIRES all three to be at least 1.
  StepPlan(int64_t samples, int64_t global_batch, int64_t microbatch);

  int64_t samples() const { return samples_; }
  int64_t microbatch() const { return microbatch_; }
  int64_t steps_per_epoch() const;

  // Steps count from 0 and go on through the epochs.
  StepPositions Step(int64_t step) const;
  int64_t MicrobatchCount(int64_t step) const;
  // Positions of microbatch `index` of `step`. REQUIRES 0 <= index < MicrobatchCount(step).
  IndexRange Microbatch(int64_t step, int64_t index) const;

 private:
  int64_t samples_;
  int64_t global_batch_;
  int64_t microbatch_;
};

// The microbatches that `rank` of `world` computes, whole and contiguous: floor(count*rank/world)
// .. floor(count*(rank+1)/world). Shares differ by at most one, and may be empty. REQUIRES 0 <=
// rank < world.
IndexRange DealMicrobatches(int64_t count, int rank, int world);

}  // namespace lockstep
