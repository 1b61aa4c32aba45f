#include "trainer/optim/adam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(Adam, FirstStepMovesByTheLearningRateWhateverTheGradient) {
  Descent adam(Adam({}, OneBlock(3)), {1, 1, 1});
  adam.Step(0.125, {1000, -0.001F, 0});
  EXPECT_NEAR(adam.values()[0], 0.875, 1e-6);
  EXPECT_NEAR(adam.values()[1], 1.125, 1e-5);  // epsilon is 1e-5 of the gradient
  EXPECT_EQ(adam.values()[2], 1);
}

TEST(Adam, TwoStepsByHand) {
  Descent adam(Adam({.beta1 = 0.5, .beta2 = 0.75, .epsilon = 1}, OneBlock(1)), {1});
  // mean 1, square 1; corrected 2 and 4: 1 - 0.25 * 2 / (2 + 1)
  adam.Step(0.25, {2});
  EXPECT_NEAR(adam.values()[0], 1 - 0.5 / 3, 1e-6);
  // mean 0.5 + 0.5 * 6 = 3.5, corrected by 0.75; square 0.75 + 0.25 * 36 = 9.75, by 0.4375
  adam.Step(0.25, {6});
  const double second = 0.25 * (3.5 / 0.75) / (std::sqrt(9.75 / 0.4375) + 1);
  EXPECT_NEAR(adam.values()[0], 1 - 0.5 / 3 - second, 1e-6);
}

TEST(Adam, TenStepsAgreeWithDoublePrecision) {
  const AdamOptions options{.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01};
  std::vector<double> mean(kParameters, 0.0);
  std::vector<double> square(kParameters, 0.0);
  ExpectAgreement(Adam(options, OneBlock(kParameters)),
                  [&](size_t i, int64_t step, double value, double gradient) {
                    const double g = gradient + options.weight_decay * value;
                    mean[i] = options.beta1 * mean[i] + (1 - options.beta1) * g;
                    square[i] = options.beta2 * square[i] + (1 - options.beta2) * g * g;
                    const double mean_hat = mean[i] / (1 - std::pow(options.beta1, step));
                    const double square_hat = square[i] / (1 - std::pow(options.beta2, step));
                    return kLearningRate * mean_hat / (std::sqrt(square_hat) + options.epsilon);
                  });
}

TEST(AdamW, TenStepsAgreeWithDoublePrecision) {
  const AdamOptions options{.weight_decay = 0.1, .decay = AdamDecay::kDecoupled};
  std::vector<double> mean(kParameters, 0.0);
  std::vector<double> square(kParameters, 0.0);
  ExpectAgreement(Adam(options, OneBlock(kParameters)), [&](size_t i, int64_t step, double value,
                                                            double gradient) {
    mean[i] = options.beta1 * mean[i] + (1 - options.beta1) * gradient;
    square[i] = options.beta2 * square[i] + (1 - options.beta2) * gradient * gradient;
    const double mean_hat = mean[i] / (1 - std::pow(options.beta1, step));
    const double square_hat = square[i] / (1 - std::pow(options.beta2, step));
    return kLearningRate *
           (options.weight_decay * value + mean_hat / (std::sqrt(square_hat) + options.epsilon));
  });
}

TEST(AdamW, WithoutDecayItIsAdamBitForBit) {
  Descent adam(Adam({}, OneBlock(kParameters)), NormalNumbers(0));
  Descent adamw(Adam({.decay = AdamDecay::kDecoupled}, OneBlock(kParameters)), NormalNumbers(0));
  adam.StepUpTo(kSteps);
  adamw.StepUpTo(kSteps);
  EXPECT_EQ(adamw.values(), adam.values());
}

TEST(Adam, RemembersAMeanAndASquareEvenOfNoParameters) {
  EXPECT_THAT(Adam({}, {}).slot_names(), ElementsAre("mean", "square"));
}

TEST(Adam, SlotsResumeToTheSameBits) {
  ExpectResumesExactly<Adam>(AdamOptions{.weight_decay = 0.01}, OneBlock(kParameters));
}

TEST(Adam, AStepInPartsGivesTheBitsOfAWholeOne) {
  ExpectSameBitsInParts<Adam>(AdamOptions{.weight_decay = 0.01});
}

TEST(Adam, KeepsToItsPart) { ExpectKeepsToItsPart<Adam>(AdamOptions{.weight_decay = 0.01}); }

TEST(AdamW, AStepInPartsGivesTheBitsOfAWholeOne) {
  ExpectSameBitsInParts<Adam>(AdamOptions{.weight_decay = 0.1, .decay = AdamDecay::kDecoupled});
}

TEST(AdamW, KeepsToItsPart) {
  ExpectKeepsToItsPart<Adam>(AdamOptions{.weight_decay = 0.1, .decay = AdamDecay::kDecoupled});
}

TEST(Adam, StepsFarIntoARunStayFinite) {
  Descent adam(Adam({}, OneBlock(1)), {1});
  adam.set_steps(int64_t{1} << 40);
  adam.Step(0.001, {0.5});
  EXPECT_TRUE(std::isfinite(adam.values()[0]));
}

TEST(Adam, RefusesAStepBeforeTheFirst) {
  Descent adam(Adam({}, OneBlock(1)), {1});
  adam.set_steps(-1);
  EXPECT_THROW(adam.Step(0.001, {0.5}), CheckFailure);
}

TEST(Adam, RefusesArraysOfAnotherSize) { ExpectRefusesOtherSizes(Adam({}, OneBlock(3))); }

}  // namespace
}  // namespace lockstep
