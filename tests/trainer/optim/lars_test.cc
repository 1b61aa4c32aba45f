#include "trainer/optim/lars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/optim/optimizer_checks.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(Lars, TwoStepsOfATensorByHand) {
  Descent lars(Lars({.momentum = 0.5, .trust_coefficient = 0.5}, OneBlock(2)), {3, 4});
  lars.Step(2, {6, -8});  // ratio 0.5 * 5 / 10 = 0.25, velocity 2 * 0.25 * (6, -8)
  EXPECT_THAT(lars.values(), ElementsAre(0.0F, 8.0F));
  lars.Step(2, {4, 0});  // ratio 0.5 * 8 / 4 = 1, velocity 0.5 * (3, -4) + 2 * (4, 0)
  EXPECT_THAT(lars.values(), ElementsAre(-9.5F, 10.0F));
}

TEST(Lars, WeightDecayIsInTheRatioAndInTheUpdate) {
  const LarsOptions options{.momentum = 0, .trust_coefficient = 1, .weight_decay = 0.5};
  Descent lars(Lars(options, OneBlock(1)), {4});
  lars.Step(0.25, {2});  // ratio 4 / (2 + 0.5 * 4) = 1, update 2 + 0.5 * 4
  EXPECT_THAT(lars.values(), ElementsAre(3));
}

TEST(Lars, EachTensorHasItsOwnRatio) {
  const Blocks blocks{{.begin = 0, .size = 1}, {.begin = 1, .size = 1}};
  Descent lars(Lars({.momentum = 0, .trust_coefficient = 0.5}, blocks), {1, 1});
  lars.Step(1, {1, 100});
  EXPECT_THAT(lars.values(), ElementsAre(0.5F, 0.5F));
}

TEST(Lars, WithoutANormOrWhereNothingDecaysItIsSgd) {
  const Blocks blocks{
      {.begin = 0, .size = 1}, {.begin = 1, .size = 1}, {.begin = 2, .size = 1, .decays = false}};
  Descent lars(Lars({.trust_coefficient = 1e-3, .weight_decay = 0.5}, blocks), {0, 8, 3});
  lars.Step(0.25, {2, 0, 2});
  EXPECT_THAT(lars.values(), ElementsAre(-0.5F, 7.0F, 2.5F));
}

TEST(Lars, RemembersAVelocityEvenOfNoParameters) {
  EXPECT_THAT(Lars({}, {}).slot_names(), ElementsAre("velocity"));
}

TEST(Lars, SlotsResumeToTheSameBits) {
  ExpectResumesExactly<Lars>(LarsOptions{.trust_coefficient = 0.1, .weight_decay = 0.01},
                             {{.begin = 0, .size = 20}, {.begin = 20, .size = 17}});
}

TEST(Lars, AStepInPartsGivesTheBitsOfAWholeOne) {
  ExpectSameBitsInParts<Lars>(LarsOptions{.trust_coefficient = 0.1, .weight_decay = 0.01});
}

TEST(Lars, RefusesArraysOfAnotherSize) { ExpectRefusesOtherSizes(Lars({}, OneBlock(3))); }

}  // namespace
}  // namespace lockstep
