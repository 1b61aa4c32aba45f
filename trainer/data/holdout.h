#pragma once

#include <cstdint>
#include <vector>

namespace lockstep {

struct HoldoutOptions {
  int64_t samples = 0;  // held out of training, to choose settings and the best checkpoint by
  uint64_t seed = 0;    // apart from the job's seed, so that jobs with other seeds compare
};

// The training set's sample ids, cut in two; both ascending.
struct HoldoutSplit {
  std::vector<uint32_t> train;
  std::vector<uint32_t> holdout;
};

// Chooses options.samples of 0 .. training_samples-1 at random: a pure function of its arguments.
// Throws ConfigError unless at least one sample is left to train on.
HoldoutSplit HoldOut(int64_t training_samples, const HoldoutOptions& options);

}  // namespace lockstep
