#include "trainer/optim/adam.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

TEST(Adam, FirstStepMovesByTheLearningRateWhateverTheGradient) {
  std::vector<float> values{1, 1, 1};
  const std::vector<float> gradient{1000, -0.001F, 0};
  Adam adam({}, OneBlock(3));
  adam.Step({.learning_rate = 0.125, .step = 1, .values = values, .gradient = gradient});
  EXPECT_NEAR(values[0], 0.875, 1e-6);
  EXPECT_NEAR(values[1], 1.125, 1e-5);  // epsilon is 1e-5 of the gradient
  EXPECT_EQ(values[2], 1);
}

TEST(Adam, TwoStepsByHand) {
  std::vector<float> values{1};
  Adam adam({.beta1 = 0.5, .beta2 = 0.75, .epsilon = 1}, OneBlock(1));
  // mean 1, square 1; corrected 2 and 4: 1 - 0.25 * 2 / (2 + 1)
  adam.Step(
      {.learning_rate = 0.25, .step = 1, .values = values, .gradient = std::vector<float>{2}});
  EXPECT_NEAR(values[0], 1 - 0.5 / 3, 1e-6);
  // mean 0.5 + 0.5 * 6 = 3.5, corrected by 0.75; square 0.75 + 0.25 * 36 = 9.75, by 0.4375
  adam.Step(
      {.learning_rate = 0.25, .step = 2, .values = values, .gradient = std::vector<float>{6}});
  const double second = 0.25 * (3.5 / 0.75) / (std::sqrt(9.75 / 0.4375) + 1);
  EXPECT_NEAR(values[0], 1 - 0.5 / 3 - second, 1e-6);
}

TEST(Adam, TenStepsAgreeWithDoublePrecision) {
  const AdamOptions options{.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01};
  Adam adam(options, OneBlock(kParameters));
  std::vector<double> mean(kParameters, 0.0);
  std::vector<double> square(kParameters, 0.0);
  ExpectAgreement(&adam, [&](size_t i, int64_t step, double value, double gradient) {
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
  Adam adam(options, OneBlock(kParameters));
  std::vector<double> mean(kParameters, 0.0);
  std::vector<double> square(kParameters, 0.0);
  ExpectAgreement(&adam, [&](size_t i, int64_t step, double value, double gradient) {
    mean[i] = options.beta1 * mean[i] + (1 - options.beta1) * gradient;
    square[i] = options.beta2 * square[i] + (1 - options.beta2) * gradient * gradient;
    const double mean_hat = mean[i] / (1 - std::pow(options.beta1, step));
    const double square_hat = square[i] / (1 - std::pow(options.beta2, step));
    return kLearningRate *
           (options.weight_decay * value + mean_hat / (std::sqrt(square_hat) + options.epsilon));
  });
}

TEST(AdamW, WithoutDecayItIsAdamBitForBit) {
  Adam adam({}, OneBlock(kParameters));
  Adam adamw({.decay = AdamDecay::kDecoupled}, OneBlock(kParameters));
  std::vector<float> expected = NormalNumbers(0);
  std::vector<float> values = NormalNumbers(0);
  TakeSteps(&adam, 1, kSteps, &expected);
  TakeSteps(&adamw, 1, kSteps, &values);
  EXPECT_EQ(values, expected);
}

TEST(Adam, SlotsResumeToTheSameBits) {
  Adam whole({.weight_decay = 0.01}, OneBlock(kParameters));
  Adam first({.weight_decay = 0.01}, OneBlock(kParameters));
  Adam second({.weight_decay = 0.01}, OneBlock(kParameters));
  ExpectResumesExactly(&whole, &first, &second);
}

TEST(Adam, StepsFarIntoARunStayFinite) {
  std::vector<float> values{1};
  const std::vector<float> gradient{0.5};
  Adam adam({}, OneBlock(1));
  adam.Step(
      {.learning_rate = 0.001, .step = int64_t{1} << 40, .values = values, .gradient = gradient});
  EXPECT_TRUE(std::isfinite(values[0]));
}

TEST(Adam, RefusesAStepBeforeTheFirst) {
  std::vector<float> values(1);
  const std::vector<float> gradient(1);
  Adam adam({}, OneBlock(1));
  EXPECT_THROW(adam.Step({.step = 0, .values = values, .gradient = gradient}), CheckFailure);
}

TEST(Adam, RefusesArraysOfAnotherSize) {
  std::vector<float> values(3);
  const std::vector<float> gradient(2);
  EXPECT_THROW(Adam({}, OneBlock(3)).Step({.values = values, .gradient = gradient}), CheckFailure);
  EXPECT_THROW(Adam({}, OneBlock(2)).Step({.values = values, .gradient = gradient}), CheckFailure);
}

}  // namespace
}  // namespace lockstep
