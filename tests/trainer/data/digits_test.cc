#include "trainer/data/digits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "storage/sha256.h"
#include "tests/trainer/data/softmax_regression.h"

namespace lockstep {
namespace {

const std::vector<uint8_t>& PixelsOf(const LoadedDataset& digits) {
  return std::get<std::vector<uint8_t>>(digits.pixels);
}

TEST(Digits, ASampleDependsOnItsNumberAlone) {
  const LoadedDataset digits = DrawDigits({}, DatasetPart::kTrain, 50);
  std::vector<uint8_t> alone(784);
  EXPECT_EQ(DrawDigit({}, DatasetPart::kTrain, 31, alone), digits.labels[31]);
  EXPECT_TRUE(std::ranges::equal(alone, std::span(PixelsOf(digits)).subspan(31 * 784, 784)));
}

TEST(Digits, SeedAndPartChangeEverySample) {
  const LoadedDataset train = DrawDigits({.noise = 0.0}, DatasetPart::kTrain, 200);
  const LoadedDataset test = DrawDigits({.noise = 0.0}, DatasetPart::kTest, 200);
  const LoadedDataset other = DrawDigits({.seed = 2, .noise = 0.0}, DatasetPart::kTrain, 200);
  for (size_t sample = 0; sample < 200; ++sample) {
    const auto image = [sample](const LoadedDataset& digits) {
      return std::span(PixelsOf(digits)).subspan(sample * 784, 784);
    };
    EXPECT_FALSE(std::ranges::equal(image(train), image(test))) << sample;
    EXPECT_FALSE(std::ranges::equal(image(train), image(other))) << sample;
  }
}

// Published accuracies depend on these bytes, and they are promised to be the same everywhere.
TEST(Digits, TheDrawingsAreFixedForEver) {
  const LoadedDataset digits = DrawDigits({}, DatasetPart::kTrain, 1000);
  EXPECT_EQ(storage::Sha256Hex(std::as_bytes(std::span(PixelsOf(digits)))),
            "61384bcec1d497b5668706809d0c804eeb37181cf695c0293da71c97cecce9a3");
  EXPECT_EQ(storage::Sha256Hex(std::as_bytes(std::span(digits.labels))),
            "fdcd0b4a0474ee7f7e72625e281a9a21c98572ba951cd5be608ea138cfcdc7d1");
}

TEST(Digits, AllTenAreEquallyFrequent) {
  const LoadedDataset digits = DrawDigits({}, DatasetPart::kTrain, 10'000);
  for (int digit = 0; digit < 10; ++digit) {
    EXPECT_NEAR(static_cast<double>(std::ranges::count(digits.labels, digit)), 1000.0, 150.0);
  }
}

TEST(Digits, WithoutNoiseThePaperIsBlankAndTheInkInTheMiddle) {
  const LoadedDataset digits = DrawDigits({.noise = 0.0}, DatasetPart::kTrain, 2000);
  int64_t all = 0;
  int64_t border = 0;
  for (size_t i = 0; i < PixelsOf(digits).size(); ++i) {
    const size_t row = i % 784 / 28;
    const size_t column = i % 28;
    const int ink = PixelsOf(digits)[i];
    all += ink;
    border += row < 2 || row >= 26 || column < 2 || column >= 26 ? ink : 0;
  }
  EXPECT_LT(static_cast<double>(border), 0.01 * static_cast<double>(all));
  EXPECT_GT(std::ranges::count(PixelsOf(digits), 0), 2000 * 784 / 2);
}

TEST(Digits, NoiseHasTheStandardDeviationAskedFor) {
  const LoadedDataset clean = DrawDigits({.noise = 0.0}, DatasetPart::kTrain, 500);
  const LoadedDataset noisy = DrawDigits({.noise = 0.2}, DatasetPart::kTrain, 500);
  double squares = 0.0;
  int64_t count = 0;
  for (size_t i = 0; i < PixelsOf(clean).size(); ++i) {
    if (PixelsOf(clean)[i] == 0 && PixelsOf(noisy)[i] > 0) {  // the other half is cut off at black
      squares += PixelsOf(noisy)[i] * PixelsOf(noisy)[i];
      ++count;
    }
  }
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(count)) / 255.0, 0.2, 0.01);
}

// If lines through pixel space told the digits apart, training a convolutional network on them
// would show nothing. On MNIST such a classifier reaches 92 %.
TEST(Digits, ALinearClassifierIsNotEnough) {
  const LoadedDataset train = DrawDigits({}, DatasetPart::kTrain, 5000);
  const LoadedDataset test = DrawDigits({}, DatasetPart::kTest, 2000);
  SoftmaxRegression linear(784, 10);
  for (int epoch = 0; epoch < 12; ++epoch) {
    linear.TrainEpoch(train, /*rate=*/0.02F);
  }
  const double accuracy = linear.Accuracy(test);
  EXPECT_LT(accuracy, 0.95);
  EXPECT_GT(accuracy, 0.85);  // the classifier has learnt what it can
}

}  // namespace
}  // namespace lockstep
