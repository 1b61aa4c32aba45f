#include "trainer/optim/rmsprop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(Rmsprop, TwoStepsByHand) {
  std::vector<float> values{1};
  Rmsprop rmsprop({.smoothing = 0.75, .epsilon = 1, .momentum = 0.5}, OneBlock(1));
  // square 0.25 * 16 = 4, direction 4 / (2 + 1)
  rmsprop.Step(
      {.learning_rate = 0.25, .step = 1, .values = values, .gradient = std::vector<float>{4}});
  EXPECT_NEAR(values[0], 1 - 0.25 * 4 / 3, 1e-6);
  // square 3 + 0.25 * 4 = 4, direction 2 / 3; velocity 0.5 * 4 / 3 + 2 / 3 = 4 / 3
  rmsprop.Step(
      {.learning_rate = 0.25, .step = 2, .values = values, .gradient = std::vector<float>{2}});
  EXPECT_NEAR(values[0], 1 - 0.5 * 4 / 3, 1e-6);
}

TEST(Rmsprop, CenteredDividesByTheRootOfTheVariance) {
  std::vector<float> values{1};
  Rmsprop rmsprop({.smoothing = 0.5, .epsilon = 1, .centered = true}, OneBlock(1));
  // square 8, mean 2: variance 4
  rmsprop.Step(
      {.learning_rate = 0.25, .step = 1, .values = values, .gradient = std::vector<float>{4}});
  EXPECT_NEAR(values[0], 1 - 0.25 * 4 / 3, 1e-6);
}

TEST(Rmsprop, ASteadyGradientsVarianceIsNeverNegative) {
  std::vector<float> values(kParameters);
  const std::vector<float> gradient(kParameters, 0.7F);
  Rmsprop rmsprop({.smoothing = 0.1, .centered = true}, OneBlock(kParameters));
  for (int64_t step = 1; step <= 50; ++step) {
    rmsprop.Step({.learning_rate = 1e-9, .step = step, .values = values, .gradient = gradient});
    ASSERT_TRUE(std::isfinite(values[0])) << step;
  }
}

TEST(Rmsprop, TenStepsAgreeWithDoublePrecision) {
  const RmspropOptions options{
      .smoothing = 0.9, .epsilon = 1e-3, .momentum = 0.8, .weight_decay = 0.01};
  Rmsprop rmsprop(options, OneBlock(kParameters));
  std::vector<double> square(kParameters);
  std::vector<double> velocity(kParameters);
  ExpectAgreement(&rmsprop, [&](size_t i, int64_t /*step*/, double value, double gradient) {
    const double g = gradient + options.weight_decay * value;
    square[i] = options.smoothing * square[i] + (1 - options.smoothing) * g * g;
    velocity[i] = options.momentum * velocity[i] + g / (std::sqrt(square[i]) + options.epsilon);
    return kLearningRate * velocity[i];
  });
}

TEST(Rmsprop, RemembersWhatItsOptionsNeed) {
  const auto names = [](const RmspropOptions& options) {
    Rmsprop rmsprop(options, OneBlock(3));
    std::vector<std::string> found;
    for (const Optimizer::Slot& slot : rmsprop.slots()) {
      found.push_back(slot.name);
    }
    return found;
  };
  EXPECT_THAT(names({}), ElementsAre("square"));
  EXPECT_THAT(names({.momentum = 0.1}), ElementsAre("square", "velocity"));
  EXPECT_THAT(names({.centered = true}), ElementsAre("square", "mean"));
  EXPECT_THAT(names({.momentum = 0.1, .centered = true}),
              ElementsAre("square", "mean", "velocity"));
}

TEST(Rmsprop, SlotsResumeToTheSameBits) {
  for (const bool centered : {false, true}) {
    for (const double momentum : {0.0, 0.9}) {
      const RmspropOptions options{
          .momentum = momentum, .centered = centered, .weight_decay = 0.01};
      Rmsprop whole(options, OneBlock(kParameters));
      Rmsprop first(options, OneBlock(kParameters));
      Rmsprop second(options, OneBlock(kParameters));
      ExpectResumesExactly(&whole, &first, &second);
    }
  }
}

TEST(Rmsprop, RefusesArraysOfAnotherSize) {
  std::vector<float> values(3);
  const std::vector<float> gradient(2);
  EXPECT_THROW(Rmsprop({}, OneBlock(3)).Step({.values = values, .gradient = gradient}),
               CheckFailure);
  EXPECT_THROW(Rmsprop({}, OneBlock(2)).Step({.values = values, .gradient = gradient}),
               CheckFailure);
}

}  // namespace
}  // namespace lockstep
