#include "trainer/optim/lamb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(Lamb, TheFirstStepMovesATensorByTheLearningRateTimesItsLength) {
  // Corrected, mean and root are the gradient and its magnitude: the direction is (1, -1).
  Descent lamb(Lamb({.epsilon = 1e-12}, OneBlock(2)), {3, 4});
  lamb.Step(0.1, {1e-3F, -1e3F});
  EXPECT_NEAR(lamb.values()[0], 3 - 0.1 * 5 / std::sqrt(2), 1e-5);
  EXPECT_NEAR(lamb.values()[1], 4 + 0.1 * 5 / std::sqrt(2), 1e-5);
}

TEST(Lamb, WeightDecayJoinsTheDirectionBeforeItsNormIsTaken) {
  Descent lamb(Lamb({.epsilon = 1e-12, .weight_decay = 0.25}, OneBlock(1)), {4});
  lamb.Step(0.25, {7});  // direction 1 + 0.25 * 4 = 2, ratio 4 / 2
  EXPECT_NEAR(lamb.values()[0], 3, 1e-6);
}

TEST(Lamb, WithoutANormOrWhereNothingDecaysItIsAdam) {
  const Blocks blocks{
      {.begin = 0, .size = 1}, {.begin = 1, .size = 1}, {.begin = 2, .size = 1, .decays = false}};
  Descent lamb(Lamb({.epsilon = 1e-12, .weight_decay = 0.5}, blocks), {0, 0, 3});
  lamb.Step(0.25, {2, 0, 2});
  EXPECT_NEAR(lamb.values()[0], -0.25, 1e-6);
  EXPECT_EQ(lamb.values()[1], 0);
  EXPECT_NEAR(lamb.values()[2], 2.75, 1e-6);
}

TEST(Lamb, RemembersAMeanAndASquareEvenOfNoParameters) {
  EXPECT_THAT(Lamb({}, {}).slot_names(), ElementsAre("mean", "square"));
}

TEST(Lamb, SlotsResumeToTheSameBits) {
  ExpectResumesExactly<Lamb>(LambOptions{.weight_decay = 0.01},
                             {{.begin = 0, .size = 20}, {.begin = 20, .size = 17}});
}

TEST(Lamb, AStepInPartsGivesTheBitsOfAWholeOne) {
  ExpectSameBitsInParts<Lamb>(LambOptions{.weight_decay = 0.01});
}

TEST(Lamb, RefusesAStepBeforeTheFirst) {
  Descent lamb(Lamb({}, OneBlock(1)), {1});
  lamb.set_steps(-1);
  EXPECT_THROW(lamb.Step(0.001, {0.5}), CheckFailure);
}

TEST(Lamb, RefusesArraysOfAnotherSize) { ExpectRefusesOtherSizes(Lamb({}, OneBlock(3))); }

}  // namespace
}  // namespace lockstep
