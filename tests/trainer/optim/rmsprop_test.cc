#include "trainer/optim/rmsprop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(Rmsprop, TwoStepsByHand) {
  Descent rmsprop(Rmsprop({.smoothing = 0.75, .epsilon = 1, .momentum = 0.5}, OneBlock(1)), {1});
  rmsprop.Step(0.25, {4});  // square 0.25 * 16 = 4, direction 4 / (2 + 1)
  EXPECT_NEAR(rmsprop.values()[0], 1 - 0.25 * 4 / 3, 1e-6);
  // square 3 + 0.25 * 4 = 4, direction 2 / 3; velocity 0.5 * 4 / 3 + 2 / 3 = 4 / 3
  rmsprop.Step(0.25, {2});
  EXPECT_NEAR(rmsprop.values()[0], 1 - 0.5 * 4 / 3, 1e-6);
}

TEST(Rmsprop, CenteredDividesByTheRootOfTheVariance) {
  Descent rmsprop(Rmsprop({.smoothing = 0.5, .epsilon = 1, .centered = true}, OneBlock(1)), {1});
  rmsprop.Step(0.25, {4});  // square 8, mean 2: variance 4
  EXPECT_NEAR(rmsprop.values()[0], 1 - 0.25 * 4 / 3, 1e-6);
}

TEST(Rmsprop, ASteadyGradientsVarianceIsNeverNegative) {
  Descent rmsprop(Rmsprop({.smoothing = 0.1, .centered = true}, OneBlock(kParameters)),
                  std::vector<float>(kParameters));
  for (int64_t step = 1; step <= 50; ++step) {
    rmsprop.Step(1e-9, std::vector<float>(kParameters, 0.7F));
    ASSERT_TRUE(std::isfinite(rmsprop.values()[0])) << step;
  }
}

TEST(Rmsprop, TenStepsAgreeWithDoublePrecision) {
  const RmspropOptions options{
      .smoothing = 0.9, .epsilon = 1e-3, .momentum = 0.8, .weight_decay = 0.01};
  std::vector<double> square(kParameters);
  std::vector<double> velocity(kParameters);
  ExpectAgreement(Rmsprop(options, OneBlock(kParameters)), [&](size_t i, int64_t /*step*/,
                                                               double value, double gradient) {
    const double g = gradient + options.weight_decay * value;
    square[i] = options.smoothing * square[i] + (1 - options.smoothing) * g * g;
    velocity[i] = options.momentum * velocity[i] + g / (std::sqrt(square[i]) + options.epsilon);
    return kLearningRate * velocity[i];
  });
}

TEST(Rmsprop, RemembersWhatItsOptionsNeedEvenOfNoParameters) {
  const auto names = [](const RmspropOptions& options) {
    return Rmsprop(options, {}).slot_names();
  };
  EXPECT_THAT(names({}), ElementsAre("square"));
  EXPECT_THAT(names({.momentum = 0.1}), ElementsAre("square", "velocity"));
  EXPECT_THAT(names({.centered = true}), ElementsAre("square", "mean"));
  EXPECT_THAT(names({.momentum = 0.1, .centered = true}),
              ElementsAre("square", "mean", "velocity"));
}

// Each choice of slots.
std::vector<RmspropOptions> RmspropKinds() {
  return {{.weight_decay = 0.01},
          {.momentum = 0.9, .weight_decay = 0.01},
          {.centered = true, .weight_decay = 0.01},
          {.momentum = 0.9, .centered = true, .weight_decay = 0.01}};
}

TEST(Rmsprop, SlotsResumeToTheSameBits) {
  for (const RmspropOptions& options : RmspropKinds()) {
    ExpectResumesExactly<Rmsprop>(options, OneBlock(kParameters));
  }
}

TEST(Rmsprop, AStepInPartsGivesTheBitsOfAWholeOne) {
  for (const RmspropOptions& options : RmspropKinds()) {
    ExpectSameBitsInParts<Rmsprop>(options);
  }
}

TEST(Rmsprop, KeepsToItsPart) {
  for (const RmspropOptions& options : RmspropKinds()) {
    ExpectKeepsToItsPart<Rmsprop>(options);
  }
}

TEST(Rmsprop, RefusesArraysOfAnotherSize) {
  for (const RmspropOptions& options : RmspropKinds()) {
    ExpectRefusesOtherSizes(Rmsprop(options, OneBlock(3)));
  }
}

}  // namespace
}  // namespace lockstep
