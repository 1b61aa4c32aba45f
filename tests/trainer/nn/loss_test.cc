#include "trainer/nn/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "trainer/base/check.h"
#include "trainer/base/random.h"

namespace lockstep {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Answer {
  LossSums sums;
  std::vector<float> gradient;
};

Answer Loss(std::vector<float> logits, const std::vector<int32_t>& labels) {
  const auto batch = static_cast<int>(labels.size());
  const Shape shape{.channels = static_cast<int>(logits.size()) / batch};
  Answer answer{.sums = {}, .gradient = std::vector<float>(logits.size(), kNan)};
  answer.sums = SoftmaxCrossEntropy({logits.data(), batch, shape}, labels,
                                    {answer.gradient.data(), batch, shape});
  return answer;
}

TEST(SoftmaxCrossEntropy, HandComputed) {
  // Probabilities 1/4, 3/4 and 1/2, 1/2.
  const float ln3 = std::log(3.0F);
  const Answer answer = Loss({0, ln3, 5, 5}, {1, 1});
  EXPECT_NEAR(answer.sums.loss, std::log(4.0 / 3) + std::log(2.0), 1e-6);
  EXPECT_EQ(answer.sums.correct, 1);  // of equal logits the first counts
  const std::vector<double> gradient = {0.25, -0.25, 0.5, -0.5};
  for (size_t i = 0; i < gradient.size(); ++i) {
    EXPECT_NEAR(answer.gradient[i], gradient[i], 1e-6) << i;
  }
}

TEST(SoftmaxCrossEntropy, GradientMatchesDifferences) {
  RandomStream stream(1, {.purpose = Purpose::kAugment});
  std::vector<float> logits(3 * 7);
  for (float& logit : logits) {
    logit = 2 * stream.Normal();
  }
  const std::vector<int32_t> labels = {0, 6, 3};
  const std::vector<float> gradient = Loss(logits, labels).gradient;
  constexpr float kStep = 0x1p-8F;
  for (size_t i = 0; i < logits.size(); ++i) {
    std::vector<float> above = logits;
    std::vector<float> below = logits;
    above[i] += kStep;
    below[i] -= kStep;
    const double step = double{above[i]} - below[i];
    const double slope = (Loss(above, labels).sums.loss - Loss(below, labels).sums.loss) / step;
    EXPECT_NEAR(gradient[i], slope, 1e-5) << "element " << i;
  }
}

TEST(SoftmaxCrossEntropy, IsASumOverSamplesNotAMean) {
  const Answer one = Loss({1, 2, 3}, {0});
  const Answer two = Loss({1, 2, 3, 1, 2, 3}, {0, 0});
  EXPECT_EQ(two.sums.loss, 2 * one.sums.loss);
  EXPECT_EQ(two.gradient[0], one.gradient[0]);
  EXPECT_EQ(two.gradient[3], one.gradient[0]);
}

TEST(SoftmaxCrossEntropy, LargeLogitsDoNotOverflow) {
  const Answer answer = Loss({3e38F, -3e38F, 10'000, 9'999}, {0, 1});
  EXPECT_NEAR(answer.sums.loss, 1 + std::log1p(std::exp(-1.0)), 1e-6);
  EXPECT_EQ(answer.gradient[0], 0);
  EXPECT_EQ(answer.gradient[1], 0);
}

TEST(SoftmaxCrossEntropy, AVeryWrongAnswerHasALargeFiniteLoss) {
  const Answer answer = Loss({0, 1000}, {0});
  EXPECT_EQ(answer.sums.loss, 1000);
  EXPECT_EQ(answer.gradient, (std::vector<float>{-1, 1}));
  EXPECT_EQ(answer.sums.correct, 0);
}

TEST(SoftmaxCrossEntropy, NanAndInfinityStayVisible) {
  for (const std::vector<float>& logits : {std::vector<float>{kNan, 0, 0},
                                           {0, kNan, 0},
                                           {0, 0, kNan},
                                           {0, kInfinity, 0},
                                           {-kInfinity, -kInfinity, -kInfinity}}) {
    for (const int32_t label : {0, 1, 2}) {
      const Answer answer = Loss(logits, {label});
      EXPECT_TRUE(std::isnan(answer.sums.loss));
      EXPECT_TRUE(std::isnan(answer.gradient[label]));
      EXPECT_EQ(answer.sums.correct, 0);
    }
  }
  EXPECT_EQ(Loss({0, -kInfinity}, {1}).sums.loss, kInfinity);
}

TEST(SoftmaxCrossEntropy, WorksWithoutAGradient) {
  const std::vector<float> logits = {1, 2, 3};
  const std::vector<int32_t> labels = {2};
  const LossSums sums = SoftmaxCrossEntropy({logits.data(), 1, {3}}, labels, {});
  EXPECT_EQ(sums.loss, Loss(logits, labels).sums.loss);
  EXPECT_EQ(sums.correct, 1);
}

TEST(SoftmaxCrossEntropy, ChecksLabelsAndTheirNumber) {
  EXPECT_THROW(Loss({1, 2}, {2}), CheckFailure);
  EXPECT_THROW(Loss({1, 2}, {-1}), CheckFailure);
  const std::vector<float> logits = {1, 2};
  EXPECT_THROW(SoftmaxCrossEntropy({logits.data(), 1, {2}}, std::vector<int32_t>{0, 1}, {}),
               CheckFailure);
}

}  // namespace
}  // namespace lockstep
