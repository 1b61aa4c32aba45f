#include "trainer/optim/lars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(Lars, TwoStepsOfATensorByHand) {
  std::vector<float> values{3, 4};
  Lars lars({.momentum = 0.5, .trust_coefficient = 0.5}, OneBlock(2));
  // ratio 0.5 * 5 / 10 = 0.25, velocity 2 * 0.25 * (6, -8)
  lars.Step(
      {.learning_rate = 2, .step = 1, .values = values, .gradient = std::vector<float>{6, -8}});
  EXPECT_THAT(values, ElementsAre(0.0F, 8.0F));
  // ratio 0.5 * 8 / 4 = 1, velocity 0.5 * (3, -4) + 2 * (4, 0)
  lars.Step(
      {.learning_rate = 2, .step = 2, .values = values, .gradient = std::vector<float>{4, 0}});
  EXPECT_THAT(values, ElementsAre(-9.5F, 10.0F));
}

TEST(Lars, WeightDecayIsInTheRatioAndInTheUpdate) {
  std::vector<float> values{4};
  Lars lars({.momentum = 0, .trust_coefficient = 1, .weight_decay = 0.5}, OneBlock(1));
  // ratio 4 / (2 + 0.5 * 4) = 1, update 2 + 0.5 * 4
  lars.Step(
      {.learning_rate = 0.25, .step = 1, .values = values, .gradient = std::vector<float>{2}});
  EXPECT_EQ(values[0], 3);
}

TEST(Lars, EachTensorHasItsOwnRatio) {
  std::vector<float> values{1, 1};
  const std::vector<float> gradient{1, 100};
  Lars lars({.momentum = 0, .trust_coefficient = 0.5},
            {{.begin = 0, .size = 1}, {.begin = 1, .size = 1}});
  lars.Step({.learning_rate = 1, .step = 1, .values = values, .gradient = gradient});
  EXPECT_THAT(values, ElementsAre(0.5F, 0.5F));
}

TEST(Lars, WithoutANormOrWhereNothingDecaysItIsSgd) {
  std::vector<float> values{0, 8, 3};
  const std::vector<float> gradient{2, 0, 2};
  Lars lars(
      {.trust_coefficient = 1e-3, .weight_decay = 0.5},
      {{.begin = 0, .size = 1}, {.begin = 1, .size = 1}, {.begin = 2, .size = 1, .decays = false}});
  lars.Step({.learning_rate = 0.25, .step = 1, .values = values, .gradient = gradient});
  EXPECT_THAT(values, ElementsAre(-0.5F, 7.0F, 2.5F));
}

TEST(Lars, SlotsResumeToTheSameBits) {
  const LarsOptions options{.trust_coefficient = 0.1, .weight_decay = 0.01};
  const Blocks blocks{{.begin = 0, .size = 20}, {.begin = 20, .size = kParameters - 20}};
  Lars whole(options, blocks);
  Lars first(options, blocks);
  Lars second(options, blocks);
  ExpectResumesExactly(&whole, &first, &second);
}

TEST(Lars, RefusesArraysOfAnotherSize) {
  std::vector<float> values(3);
  const std::vector<float> gradient(2);
  EXPECT_THROW(Lars({}, OneBlock(3)).Step({.values = values, .gradient = gradient}), CheckFailure);
  EXPECT_THROW(Lars({}, OneBlock(2)).Step({.values = values, .gradient = gradient}), CheckFailure);
}

}  // namespace
}  // namespace lockstep
