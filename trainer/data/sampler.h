#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "trainer/data/step_plan.h"

namespace lockstep {

// The order in which an epoch visits its samples. The sample at a position is a pure function of
// seed, epoch and position: resuming needs no stored state.
// Not thread-safe: the order of the epoch last asked for is kept. Give each thread its own.
class Sampler {
 public:
  // Each epoch is a permutation of `samples` of its own, every sample exactly once.
  Sampler(uint64_t seed, std::vector<uint32_t> samples);
  // Every epoch visits `samples` as they stand, for evaluation.
  static Sampler InOrder(std::vector<uint32_t> samples);

  int64_t size() const { return static_cast<int64_t>(samples_.size()); }
  // The list that epochs visit, as it was given.
  std::span<const uint32_t> samples() const { return samples_; }

  // The sample ids at `positions` of `epoch`, valid until the next call.
  // REQUIRES 0 <= positions.begin <= positions.end <= size().
  std::span<const uint32_t> Samples(uint32_t epoch, IndexRange positions);

 private:
  Sampler(std::optional<uint64_t> seed, std::vector<uint32_t> samples);

  std::optional<uint64_t> seed_;  // none: in order
  std::vector<uint32_t> samples_;
  std::vector<uint32_t> order_;  // of epoch_, once that is set
  std::optional<uint32_t> epoch_;
};

// 0, 1, .., count-1: the sample ids of a whole data set. REQUIRES 0 <= count < 2^32.
std::vector<uint32_t> AllSamples(int64_t count);

}  // namespace lockstep
