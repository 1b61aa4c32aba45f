#include "trainer/train/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>

#include "trainer/nn/layers/linear.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

constexpr int kMicrobatch = 4;

// Two classes; sample i has the pixels x[i][0] and x[i][1], which are its logits by the network of
// scale 1.
class EvaluatorTest : public testing::Test {
 protected:
  struct Sample {
    float pixels[2];
    int32_t label;
  };

  EvaluatorTest() : net_({.channels = 2, .height = 1, .width = 1}, kMicrobatch) {
    net_.Add("fc", std::make_unique<Linear>(LinearOptions{.units = 2, .bias = false}),
             {Net::kInput});
  }

  void SetSamples(const std::vector<Sample>& samples) {
    LoadedDataset loaded{.content = "test", .shape = {2, 1, 1}, .classes = 2};
    std::vector<float> pixels;
    for (const Sample& sample : samples) {
      pixels.insert(pixels.end(), sample.pixels, sample.pixels + 2);
      loaded.labels.push_back(sample.label);
    }
    loaded.pixels = pixels;
    block_ = Pack(loaded);
  }

  // Networks whose logits are the pixels times each of `scales`.
  std::optional<Evaluation> Evaluate(const std::vector<float>& scales, int threads = 1,
                                     Predictions* predictions = nullptr,
                                     const StopSignal* stop = nullptr) {
    const Dataset dataset = Dataset::View(block_);
    return EvaluateSamples(scales, AllSamples(dataset.size()), threads, predictions, stop);
  }

  std::optional<Evaluation> EvaluateSamples(const std::vector<float>& scales,
                                            const std::vector<uint32_t>& samples, int threads = 1,
                                            Predictions* predictions = nullptr,
                                            const StopSignal* stop = nullptr) {
    std::vector<std::vector<float>> values;
    std::vector<CommitteeMember> members;
    values.reserve(scales.size());
    for (const float scale : scales) {
      values.push_back({scale, 0, 0, scale});
      members.push_back({.net = &net_, .values = values.back(), .loss = loss_});
    }
    WorkerPool workers(threads, [](int) {});
    return Evaluator(members, &world_, &workers)
        .Run(Dataset::View(block_), Normalizer(2, {.scale = 1}), samples, stop, predictions);
  }

  comm::Communicator world_ = comm::Communicator::World();
  Net net_;
  std::vector<std::byte> block_;
  LossKind loss_ = LossKind::kSoftmaxCrossEntropy;
};

// -log of the probability of the other class's logit being `ahead` above the label's.
double Loss(double ahead) { return std::log1p(std::exp(ahead)); }

TEST_F(EvaluatorTest, CountsAndLossAreThoseComputedByHand) {
  SetSamples({{{3, 1}, 0}, {{1, 3}, 1}, {{2, 1}, 1}, {{0, 5}, 1}, {{-1, 0}, 0}});
  const auto evaluation = Evaluate({1});
  EXPECT_EQ(evaluation->classes, 2);
  EXPECT_EQ(evaluation->samples, 5);
  EXPECT_EQ(evaluation->correct, 3);
  EXPECT_DOUBLE_EQ(evaluation->accuracy(), 0.6);
  // Rows are labels, columns answers.
  EXPECT_THAT(evaluation->confusion, ElementsAre(1, 1, 1, 2));
  EXPECT_NEAR(evaluation->loss, (Loss(-2) + Loss(-2) + Loss(1) + Loss(-5) + Loss(1)) / 5, 1e-9);
}

TEST_F(EvaluatorTest, OnlyTheSamplesAskedForCount) {
  SetSamples({{{3, 1}, 0}, {{3, 1}, 1}, {{2, 1}, 0}, {{2, 1}, 1}});
  EXPECT_EQ(EvaluateSamples({1}, {0, 2})->correct, 2);
  EXPECT_EQ(EvaluateSamples({1}, {1, 3})->correct, 0);
}

// Two of three members answer 1, hesitantly; the third is sure of 0.
TEST_F(EvaluatorTest, ACommitteeAnswersWithItsLargestMeanProbabilityNotByCountingVotes) {
  SetSamples({{{4, 0}, 0}});
  EXPECT_EQ(Evaluate({-0.1F})->correct, 0);
  const auto evaluation = Evaluate({1, -0.1F, -0.1F});
  EXPECT_EQ(evaluation->correct, 1);
  const double mean = (1 / (1 + std::exp(-4.0)) + 2 / (1 + std::exp(0.4))) / 3;
  EXPECT_NEAR(evaluation->loss, -std::log(mean), 1e-7);
}

TEST_F(EvaluatorTest, NetworksTrainedBySquaredErrorAreMeasuredByIt) {
  loss_ = LossKind::kMeanSquaredError;
  SetSamples({{{3, 1}, 0}, {{1, 0.5F}, 1}});
  EXPECT_EQ(Evaluate({1})->correct, 1);
  EXPECT_NEAR(Evaluate({1})->loss, ((4.0 + 1) / 2 + (1.0 + 0.25) / 2) / 2, 1e-9);
  // A committee's outputs are averaged: those of scale 0.5.
  EXPECT_NEAR(Evaluate({1, 0})->loss, ((0.25 + 0.25) / 2 + (0.25 + 0.5625) / 2) / 2, 1e-9);
  SetSamples({{{1e30F, 0}, 0}});
  EXPECT_EQ(Evaluate({1})->loss, 1000);
}

TEST_F(EvaluatorTest, AHopelessSampleHasAFiniteLoss) {
  SetSamples({{{0, 10'000}, 0}});
  EXPECT_NEAR(Evaluate({1})->loss, 708.396, 1e-3);
  EXPECT_NEAR(Evaluate({1, 1})->loss, 708.396, 1e-3);
}

// 27 samples, 7 microbatches, the last of 3 samples: some ranks have more than others.
std::vector<std::pair<float, float>> ManyLogits() {
  std::vector<std::pair<float, float>> logits(27);
  for (int i = 0; i < 27; ++i) {
    logits[i] = {static_cast<float>(i * 7 % 5) / 3, static_cast<float>(i * 5 % 7) / 5};
  }
  return logits;
}

TEST_F(EvaluatorTest, AnyNumberOfRanksAndThreadsGivesTheSame) {
  std::vector<Sample> samples;
  int64_t correct = 0;
  double loss = 0;
  for (const auto& [first, second] : ManyLogits()) {
    const auto label = static_cast<int32_t>(samples.size() % 2);
    samples.push_back({{first, second}, label});
    correct += (second > first ? 1 : 0) == label ? 1 : 0;
    loss += Loss(label == 0 ? double{second} - first : double{first} - second);
  }
  SetSamples(samples);
  const auto expected = Evaluate({1});
  EXPECT_EQ(expected->correct, correct);
  EXPECT_NEAR(expected->loss, loss / 27, 1e-8);
  for (const int threads : {2, 3}) {
    const auto evaluation = Evaluate({1}, threads);
    EXPECT_EQ(evaluation->confusion, expected->confusion);
    EXPECT_EQ(evaluation->loss, expected->loss);
  }
}

TEST_F(EvaluatorTest, PredictionsAreTheLogitsInTheOrderOfTheSamplesOnRankZero) {
  std::vector<Sample> samples;
  std::vector<uint32_t> order;
  std::vector<double> logits;
  for (const auto& [first, second] : ManyLogits()) {
    samples.push_back({{first, second}, static_cast<int32_t>(samples.size() % 2)});
  }
  for (uint32_t sample = 27; sample-- > 0;) {
    order.push_back(sample);
    logits.insert(logits.end(), samples[sample].pixels, samples[sample].pixels + 2);
  }
  SetSamples(samples);
  for (const int threads : {1, 2, 3}) {
    Predictions predictions;
    EvaluateSamples({1}, order, threads, &predictions);
    if (world_.rank() == 0) {
      EXPECT_EQ(predictions.classes, 2);
      EXPECT_EQ(predictions.samples, order);
      EXPECT_EQ(predictions.labels[0], 0);
      EXPECT_EQ(predictions.labels[1], 1);
      EXPECT_EQ(predictions.scores, logits);
    } else {
      EXPECT_TRUE(predictions.scores.empty());
    }
  }
}

TEST_F(EvaluatorTest, ACommitteesScoresAreLogarithmsOfItsMeanProbabilities) {
  SetSamples({{{3, 1}, 0}});
  Predictions predictions;
  Evaluate({1, -1}, 1, &predictions);
  if (world_.rank() == 0) {
    EXPECT_THAT(predictions.scores, testing::Each(testing::DoubleNear(std::log(0.5), 1e-12)));
  }
}

TEST_F(EvaluatorTest, AllRanksGiveUpWhenOneIsAskedToStop) {
  SetSamples({{{3, 1}, 0}, {{1, 3}, 1}});
  const StopSignal stop;
  if (world_.rank() == world_.size() - 1) {
    std::raise(SIGUSR1);
  }
  EXPECT_EQ(Evaluate({1}, 1, nullptr, &stop), std::nullopt);
}

TEST_F(EvaluatorTest, RanksMayHaveDifferentNumbersOfThreads) {
  SetSamples(std::vector<Sample>(3000, {{1, 0}, 0}));
  const auto evaluation = Evaluate({1}, 1 + world_.rank());
  EXPECT_EQ(evaluation->samples, 3000);
  EXPECT_EQ(evaluation->correct, 3000);
}

}  // namespace
}  // namespace lockstep
