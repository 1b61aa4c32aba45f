#include "trainer/data/holdout.h"

#include <fmt/format.h>

#include <algorithm>

#include "trainer/base/check.h"
#include "trainer/base/error.h"
#include "trainer/data/permutation.h"
#include "trainer/data/sampler.h"

namespace lockstep {

HoldoutSplit HoldOut(int64_t training_samples, const HoldoutOptions& options) {
  CHECK_GE(options.samples, 0);
  if (options.samples >= training_samples) {
    throw ConfigError(fmt::format(
        "data.holdout: {} samples leave none to train on: the training set has {}; hold out fewer",
        options.samples, training_samples));
  }
  std::vector<uint32_t> order = AllSamples(training_samples);
  Shuffle(RandomStream(options.seed, {.purpose = Purpose::kHoldout}), order);
  const auto cut = order.begin() + options.samples;
  HoldoutSplit split{.train = {cut, order.end()}, .holdout = {order.begin(), cut}};
  std::ranges::sort(split.train);
  std::ranges::sort(split.holdout);
  return split;
}

}  // namespace lockstep
