#include "trainer/optim/lamb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

TEST(Lamb, TheFirstStepMovesATensorByTheLearningRateTimesItsLength) {
  std::vector<float> values{3, 4};
  // Corrected, mean and root are the gradient and its magnitude: the direction is (1, -1).
  Lamb lamb({.epsilon = 1e-12}, OneBlock(2));
  lamb.Step({.learning_rate = 0.1,
             .step = 1,
             .values = values,
             .gradient = std::vector<float>{1e-3F, -1e3F}});
  EXPECT_NEAR(values[0], 3 - 0.1 * 5 / std::sqrt(2), 1e-5);
  EXPECT_NEAR(values[1], 4 + 0.1 * 5 / std::sqrt(2), 1e-5);
}

TEST(Lamb, WeightDecayJoinsTheDirectionBeforeItsNormIsTaken) {
  std::vector<float> values{4};
  Lamb lamb({.epsilon = 1e-12, .weight_decay = 0.25}, OneBlock(1));
  // direction 1 + 0.25 * 4 = 2, ratio 4 / 2
  lamb.Step(
      {.learning_rate = 0.25, .step = 1, .values = values, .gradient = std::vector<float>{7}});
  EXPECT_NEAR(values[0], 3, 1e-6);
}

TEST(Lamb, WithoutANormOrWhereNothingDecaysItIsAdam) {
  std::vector<float> values{0, 0, 3};
  const std::vector<float> gradient{2, 0, 2};
  Lamb lamb(
      {.epsilon = 1e-12, .weight_decay = 0.5},
      {{.begin = 0, .size = 1}, {.begin = 1, .size = 1}, {.begin = 2, .size = 1, .decays = false}});
  lamb.Step({.learning_rate = 0.25, .step = 1, .values = values, .gradient = gradient});
  EXPECT_NEAR(values[0], -0.25, 1e-6);
  EXPECT_EQ(values[1], 0);
  EXPECT_NEAR(values[2], 2.75, 1e-6);
}

TEST(Lamb, SlotsResumeToTheSameBits) {
  const Blocks blocks{{.begin = 0, .size = 20}, {.begin = 20, .size = kParameters - 20}};
  Lamb whole({.weight_decay = 0.01}, blocks);
  Lamb first({.weight_decay = 0.01}, blocks);
  Lamb second({.weight_decay = 0.01}, blocks);
  ExpectResumesExactly(&whole, &first, &second);
}

TEST(Lamb, RefusesArraysOfAnotherSizeAndAStepBeforeTheFirst) {
  std::vector<float> values(3);
  const std::vector<float> gradient(2);
  EXPECT_THROW(Lamb({}, OneBlock(3)).Step({.values = values, .gradient = gradient}), CheckFailure);
  EXPECT_THROW(Lamb({}, OneBlock(2)).Step({.values = values, .gradient = gradient}), CheckFailure);
  EXPECT_THROW(Lamb({}, OneBlock(3)).Step({.step = 0, .values = values, .gradient = values}),
               CheckFailure);
}

}  // namespace
}  // namespace lockstep
