#include "trainer/optim/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"
#include "trainer/optim/adam.h"
#include "trainer/optim/rmsprop.h"
#include "trainer/optim/sgd.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const Blocks kMixed{{.begin = 0, .size = 2, .decays = true},
                    {.begin = 2, .size = 3, .decays = true},
                    {.begin = 5, .size = 1, .decays = false},
                    {.begin = 6, .size = 4, .decays = true}};

TEST(Blocks, NeighboursThatDecayAlikeBecomeOne) {
  const Blocks merged = MergeByDecay(kMixed);
  ASSERT_EQ(merged.size(), 3);
  EXPECT_EQ(merged[0].size, 5);
  EXPECT_EQ(merged[1].begin, 5);
  EXPECT_FALSE(merged[1].decays);
  EXPECT_EQ(merged[2].begin, 6);
  EXPECT_EQ(TotalSize(merged), TotalSize(kMixed));
}

TEST(Blocks, MustFollowEachOther) {
  EXPECT_EQ(TotalSize({}), 0);
  EXPECT_EQ(TotalSize(OneBlock(7)), 7);
  EXPECT_THROW(TotalSize({{.begin = 1, .size = 2}}), CheckFailure);
  EXPECT_THROW(TotalSize({{.begin = 0, .size = 2}, {.begin = 3, .size = 2}}), CheckFailure);
  EXPECT_THROW(MergeByDecay({{.begin = 0, .size = 2}, {.begin = 3, .size = 2}}), CheckFailure);
}

// Where each block that is visited begins and ends.
using Bounds = std::vector<std::pair<size_t, size_t>>;

TEST(Blocks, APartHoldsWhatOfEachBlockLiesInIt) {
  const auto bounds_in = [](Part part) {
    Bounds bounds;
    ForEachBlockIn(kMixed, part, [&bounds](const Block& block) {
      bounds.emplace_back(block.begin, block.begin + block.size);
      EXPECT_EQ(block.decays, block.begin != 5);
    });
    return bounds;
  };
  EXPECT_THAT(bounds_in({.begin = 0, .end = 10}),
              ElementsAre(Pair(0, 2), Pair(2, 5), Pair(5, 6), Pair(6, 10)));
  EXPECT_THAT(bounds_in({.begin = 1, .end = 6}), ElementsAre(Pair(1, 2), Pair(2, 5), Pair(5, 6)));
  EXPECT_THAT(bounds_in({.begin = 7, .end = 9}), ElementsAre(Pair(7, 9)));
  EXPECT_THAT(bounds_in({.begin = 3, .end = 3}), IsEmpty());
}

TEST(Blocks, AWholeBlockIsOfThePartInWhichItBegins) {
  const auto bounds_in = [](Part part) {
    Bounds bounds;
    ForEachBlockThatBeginsIn(kMixed, part, [&bounds](const Block& block) {
      bounds.emplace_back(block.begin, block.begin + block.size);
    });
    return bounds;
  };
  EXPECT_THAT(bounds_in({.begin = 0, .end = 3}), ElementsAre(Pair(0, 2), Pair(2, 5)));
  EXPECT_THAT(bounds_in({.begin = 3, .end = 6}), ElementsAre(Pair(5, 6)));
  EXPECT_THAT(bounds_in({.begin = 6, .end = 7}), ElementsAre(Pair(6, 10)));
  EXPECT_THAT(bounds_in({.begin = 7, .end = 10}), IsEmpty());
}

TEST(Blocks, WeightsDecayWhereTheirBlockSaysSo) {
  const Blocks blocks{{.begin = 0, .size = 1, .decays = false},
                      {.begin = 1, .size = 1, .decays = true},
                      {.begin = 2, .size = 1, .decays = false}};
  const auto after_a_step = [](const auto& optimizer) {
    Descent descent(optimizer, {1, 1, 1});
    descent.Step(0.25, {0, 0, 0});
    return descent.values();
  };
  EXPECT_THAT(after_a_step(Sgd({.weight_decay = 0.5}, blocks)), ElementsAre(1, 0.875, 1));
  EXPECT_THAT(after_a_step(Sgd({.momentum = 0.9, .weight_decay = 0.5}, blocks)),
              ElementsAre(1, 0.875, 1));
  EXPECT_THAT(after_a_step(Sgd({.momentum = 0.5, .nesterov = true, .weight_decay = 0.5}, blocks)),
              ElementsAre(1, 0.8125, 1));
  EXPECT_THAT(after_a_step(Adam({.weight_decay = 0.5}, blocks)), ElementsAre(1, 0.75, 1));
  EXPECT_THAT(after_a_step(Adam({.weight_decay = 0.5, .decay = AdamDecay::kDecoupled}, blocks)),
              ElementsAre(1, 0.875, 1));
  EXPECT_THAT(after_a_step(Rmsprop({.smoothing = 0, .weight_decay = 0.5}, blocks)),
              ElementsAre(1, 0.75, 1));
}

}  // namespace
}  // namespace lockstep
