#include "trainer/optim/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/base/check.h"
#include "trainer/optim/adam.h"
#include "trainer/optim/rmsprop.h"
#include "trainer/optim/sgd.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

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
}

TEST(Blocks, WeightsDecayWhereTheirBlockSaysSo) {
  const Blocks blocks{{.begin = 0, .size = 1, .decays = false},
                      {.begin = 1, .size = 1, .decays = true},
                      {.begin = 2, .size = 1, .decays = false}};
  const std::vector<float> gradient(3);
  const auto after_a_step = [&](Optimizer&& optimizer) {
    std::vector<float> values(3, 1);
    optimizer.Step({.learning_rate = 0.25, .step = 1, .values = values, .gradient = gradient});
    return values;
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
