#include "trainer/data/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::UnorderedElementsAreArray;

std::vector<uint32_t> Epoch(Sampler sampler, uint32_t epoch) {
  const auto order = sampler.Samples(epoch, {0, sampler.size()});
  return {order.begin(), order.end()};
}

TEST(Sampler, EverySampleIsDrawnExactlyOnceAnEpoch) {
  const std::vector<uint32_t> samples = {3, 5, 8, 13, 21, 34, 55};
  for (uint32_t epoch = 0; epoch < 10; ++epoch) {
    EXPECT_THAT(Epoch(Sampler(1, samples), epoch), UnorderedElementsAreArray(samples));
  }
}

TEST(Sampler, EpochsAndSeedsHaveOrdersOfTheirOwn) {
  const Sampler sampler(1, AllSamples(100));
  EXPECT_NE(Epoch(sampler, 0), Epoch(sampler, 1));
  EXPECT_NE(Epoch(sampler, 0), Epoch(Sampler(2, AllSamples(100)), 0));
}

TEST(Sampler, APositionDoesNotDependOnWhatWasAskedBefore) {
  Sampler resumed(9, AllSamples(1000));
  Sampler steady(9, AllSamples(1000));
  for (uint32_t epoch = 0; epoch < 3; ++epoch) {
    steady.Samples(epoch, {0, 1000});
  }
  const auto expected = steady.Samples(3, {500, 540});
  EXPECT_THAT(resumed.Samples(3, {500, 540}), ElementsAreArray(expected));
}

// Stored runs depend on the order: a change here breaks resuming them.
TEST(Sampler, TheOrderOfAnEpochIsFixedForEver) {
  EXPECT_THAT(Epoch(Sampler(42, AllSamples(8)), 0), ElementsAre(1, 0, 2, 6, 5, 4, 7, 3));
  EXPECT_THAT(Epoch(Sampler(42, AllSamples(8)), 1), ElementsAre(6, 5, 3, 2, 0, 7, 4, 1));
}

// Each of the 24 orders of four samples should turn up equally often: chi-squared with 23 degrees
// of freedom is below 49.7 in 99.9 % of fair experiments.
TEST(Sampler, AllOrdersAreEquallyLikely) {
  Sampler sampler(7, AllSamples(4));
  std::vector<int> counts(256);
  constexpr int kEpochs = 24'000;
  for (uint32_t epoch = 0; epoch < kEpochs; ++epoch) {
    size_t code = 0;
    for (const uint32_t sample : sampler.Samples(epoch, {0, 4})) {
      code = 4 * code + sample;
    }
    ++counts[code];
  }
  double chi_squared = 0.0;
  int orders = 0;
  for (const int count : counts) {
    if (count > 0) {
      ++orders;
      chi_squared += (count - 1000.0) * (count - 1000.0) / 1000.0;
    }
  }
  EXPECT_EQ(orders, 24);
  EXPECT_LT(chi_squared, 49.7);
}

TEST(Sampler, InOrderVisitsSamplesAsTheyStand) {
  const Sampler sampler = Sampler::InOrder({9, 4, 7});
  EXPECT_THAT(Epoch(sampler, 0), ElementsAre(9, 4, 7));
  EXPECT_THAT(Epoch(sampler, 5), ElementsAre(9, 4, 7));
}

TEST(Sampler, RefusesPositionsPastTheEnd) {
  Sampler sampler(1, AllSamples(4));
  EXPECT_THROW(sampler.Samples(0, {2, 5}), CheckFailure);
  EXPECT_THROW(sampler.Samples(0, {-1, 2}), CheckFailure);
}

}  // namespace
}  // namespace lockstep
