#include "trainer/data/holdout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "trainer/base/error.h"
#include "trainer/data/sampler.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

TEST(HoldOut, EverySampleIsOnExactlyOneSide) {
  const HoldoutSplit split = HoldOut(1000, {.samples = 100});
  EXPECT_THAT(split.holdout, SizeIs(100));
  EXPECT_THAT(split.train, SizeIs(900));
  std::vector<uint32_t> all;
  std::ranges::merge(split.train, split.holdout, std::back_inserter(all));
  EXPECT_EQ(all, AllSamples(1000));
}

TEST(HoldOut, DependsOnTheSeedAlone) {
  const HoldoutSplit split = HoldOut(1000, {.samples = 100});
  EXPECT_EQ(split.holdout, HoldOut(1000, {.samples = 100, .seed = 0}).holdout);
  EXPECT_NE(split.holdout, HoldOut(1000, {.samples = 100, .seed = 1}).holdout);
}

TEST(HoldOut, IsARandomPartNotTheFirstOrLast) {
  const HoldoutSplit split = HoldOut(10'000, {.samples = 1000});
  const auto in_first_half = std::ranges::lower_bound(split.holdout, 5000U) - split.holdout.begin();
  EXPECT_NEAR(static_cast<double>(in_first_half), 500.0, 75.0);  // five standard deviations
}

// Stored runs depend on the choice: a change here breaks resuming them.
TEST(HoldOut, TheChoiceIsFixedForEver) {
  EXPECT_THAT(HoldOut(20, {.samples = 4}).holdout, ElementsAre(1, 4, 14, 18));
}

TEST(HoldOut, NothingHeldOutLeavesAllToTrainOn) {
  EXPECT_EQ(HoldOut(5, {.samples = 0}).train, AllSamples(5));
}

TEST(HoldOut, RefusesToHoldOutEverything) {
  EXPECT_THAT([] { HoldOut(50, {.samples = 50}); },
              ThrowsMessage<ConfigError>(
                  HasSubstr("data.holdout: 50 samples leave none to train on: the training set "
                            "has 50")));
}

}  // namespace
}  // namespace lockstep
