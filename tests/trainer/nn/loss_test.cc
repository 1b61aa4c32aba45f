#include "trainer/nn/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
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

Answer Loss(LossKind kind, std::vector<float> logits, const LossTargets& targets) {
  const auto batch = static_cast<int>(targets.labels.size());
  const Shape shape{.channels = static_cast<int>(logits.size()) / batch};
  Answer answer{.sums = {}, .gradient = std::vector<float>(logits.size(), kNan)};
  answer.sums = ComputeLoss(kind, {logits.data(), batch, shape}, targets,
                            {answer.gradient.data(), batch, shape});
  return answer;
}

Answer Loss(std::vector<float> logits, const std::vector<int32_t>& labels) {
  return Loss(LossKind::kSoftmaxCrossEntropy, std::move(logits), {.labels = labels});
}

// Of every element, the gradient is the loss's slope.
void ExpectGradientMatchesDifferences(LossKind kind, const LossTargets& targets, int classes) {
  RandomStream stream(1, {.purpose = Purpose::kAugment});
  std::vector<float> outputs(targets.labels.size() * classes);
  for (float& output : outputs) {
    output = 2 * stream.Normal();
  }
  const std::vector<float> gradient = Loss(kind, outputs, targets).gradient;
  constexpr float kStep = 0x1p-8F;
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::vector<float> above = outputs;
    std::vector<float> below = outputs;
    above[i] += kStep;
    below[i] -= kStep;
    const double step = double{above[i]} - below[i];
    const double rise = Loss(kind, above, targets).sums.loss - Loss(kind, below, targets).sums.loss;
    EXPECT_NEAR(gradient[i], rise / step, 1e-5) << "element " << i;
  }
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

TEST(Loss, GradientMatchesDifferences) {
  const std::vector<int32_t> labels = {0, 6, 3};
  const std::vector<int32_t> others = {1, 6, 0};
  const std::vector<float> shares = {0.25F, 0.5F, 0.9F};
  for (const LossKind kind : {LossKind::kSoftmaxCrossEntropy, LossKind::kMeanSquaredError}) {
    for (const double smoothing : {0.0, 0.1}) {
      const LossTargets plain{.labels = labels, .smoothing = smoothing};
      ExpectGradientMatchesDifferences(kind, plain, 7);
      LossTargets mixed = plain;
      mixed.other_labels = others;
      mixed.shares = shares;
      ExpectGradientMatchesDifferences(kind, mixed, 7);
    }
  }
}

TEST(SoftmaxCrossEntropy, SmoothingMovesTheTargetToAllClassesEvenly) {
  // Probabilities 1/4, 3/4; targets 0.1, 0.9.
  const float ln3 = std::log(3.0F);
  const std::vector<int32_t> labels = {1};
  const Answer answer =
      Loss(LossKind::kSoftmaxCrossEntropy, {0, ln3}, {.labels = labels, .smoothing = 0.2});
  EXPECT_NEAR(answer.sums.loss, 0.1 * std::log(4.0) + 0.9 * std::log(4.0 / 3), 1e-6);
  EXPECT_NEAR(answer.gradient[0], 0.15, 1e-6);
  EXPECT_NEAR(answer.gradient[1], -0.15, 1e-6);
}

TEST(SoftmaxCrossEntropy, AMixedSampleHasTheMixedLossOfItsLabels) {
  const std::vector<float> logits = {0.5F, -1, 2, 0.5F, -1, 2};
  const std::vector<int32_t> labels = {2, 2};
  const std::vector<int32_t> others = {0, 0};
  const std::vector<float> shares = {0.25F, 0.75F};
  const Answer mixed = Loss(LossKind::kSoftmaxCrossEntropy, logits,
                            {.labels = labels, .other_labels = others, .shares = shares});
  const std::vector<float> one(logits.begin(), logits.begin() + 3);
  EXPECT_NEAR(mixed.sums.loss, Loss(one, {2}).sums.loss + Loss(one, {0}).sums.loss, 1e-12);
  EXPECT_EQ(mixed.sums.correct, 1);  // the first sample is more of a 0 than of a 2
}

TEST(MeanSquaredError, HandComputed) {
  const std::vector<int32_t> labels = {1, 1};
  const Answer answer = Loss(LossKind::kMeanSquaredError, {0.5F, 0.5F, -1, 2}, {.labels = labels});
  EXPECT_EQ(answer.sums.loss, (0.25 + 0.25) / 2 + (1.0 + 1.0) / 2);
  EXPECT_EQ(answer.sums.correct, 1);  // of equal outputs the first counts
  EXPECT_EQ(answer.gradient, (std::vector<float>{0.5F, -0.5F, -1, 1}));
}

TEST(MeanSquaredError, SmoothingMovesTheTargetToAllClassesEvenly) {
  const std::vector<int32_t> labels = {1};
  const Answer answer =
      Loss(LossKind::kMeanSquaredError, {0, 0, 0, 0}, {.labels = labels, .smoothing = 0.4});
  EXPECT_NEAR(answer.sums.loss, (3 * 0.1 * 0.1 + 0.7 * 0.7) / 4, 1e-12);
}

TEST(MeanSquaredError, NanAndInfinityStayVisible) {
  const std::vector<int32_t> labels = {1};
  const Answer nan = Loss(LossKind::kMeanSquaredError, {0, kNan}, {.labels = labels});
  EXPECT_TRUE(std::isnan(nan.sums.loss));
  EXPECT_EQ(nan.sums.correct, 0);
  EXPECT_EQ(Loss(LossKind::kMeanSquaredError, {kInfinity, 0}, {.labels = labels}).sums.loss,
            kInfinity);
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
  const LossSums sums = SoftmaxCrossEntropy({logits.data(), 1, {3}}, {.labels = labels}, {});
  EXPECT_EQ(sums.loss, Loss(logits, labels).sums.loss);
  EXPECT_EQ(sums.correct, 1);
}

TEST(Loss, ChecksLabelsAndTheirNumber) {
  EXPECT_THROW(Loss({1, 2}, {2}), CheckFailure);
  EXPECT_THROW(Loss({1, 2}, {-1}), CheckFailure);
  const std::vector<float> outputs = {1, 2};
  const std::vector<int32_t> one = {0};
  const std::vector<int32_t> two = {0, 1};
  const std::vector<float> share = {0.5F};
  const std::vector<int32_t> unknown = {2};
  for (const LossKind kind : {LossKind::kSoftmaxCrossEntropy, LossKind::kMeanSquaredError}) {
    for (const LossTargets& wrong :
         {LossTargets{.labels = two}, LossTargets{.labels = one, .shares = share},
          LossTargets{.labels = one, .other_labels = unknown, .shares = share}}) {
      EXPECT_THROW(ComputeLoss(kind, {outputs.data(), 1, {2}}, wrong, {}), CheckFailure);
    }
  }
}

}  // namespace
}  // namespace lockstep
