#include "trainer/data/augment/elastic_field.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace lockstep {
namespace {

RandomStream FieldStream(uint32_t sample) {
  return {5, {.purpose = Purpose::kAugment, .layer = 8, .time = 2, .sample = sample}};
}

// Rows of both directions, one after the other.
std::vector<float> Values(const ElasticField& field, int height, int width) {
  std::vector<float> values;
  for (int y = 0; y < height; ++y) {
    values.insert(values.end(), field.Rightward(y).begin(), field.Rightward(y).begin() + width);
    values.insert(values.end(), field.Downward(y).begin(), field.Downward(y).begin() + width);
  }
  return values;
}

// Mean products of displacements over many fields: of `apart` pixels in a row and in a column.
struct Moments {
  double mean = 0;
  double square = 0;
  double along_row = 0;
  double along_column = 0;
  double across = 0;  // of the two directions
  double square_at_corner = 0;
};

Moments Measure(const ElasticOptions& options, int side, int apart, int fields) {
  ElasticField field(side, side, options);
  Moments sums;
  for (int sample = 0; sample < fields; ++sample) {
    field.Draw(FieldStream(static_cast<uint32_t>(sample)));
    const std::span<const float> first = field.Rightward(0);
    const std::span<const float> row = field.Rightward(side / 2);
    const double value = row[side / 2];
    sums.mean += value / fields;
    sums.square += value * value / fields;
    sums.along_row += value * row[side / 2 + apart] / fields;
    sums.along_column += value * field.Rightward(side / 2 + apart)[side / 2] / fields;
    sums.across += value * field.Downward(side / 2)[side / 2] / fields;
    sums.square_at_corner += first[0] * first[0] / fields;
  }
  return sums;
}

constexpr int kFields = 10'000;

void ExpectStatedSpread(const ElasticOptions& options, int side) {
  const int apart = static_cast<int>(std::lround(2 * options.sigma));
  const Moments moments = Measure(options, side, apart, kFields);
  const double variance =
      options.alpha * options.alpha / (12 * std::numbers::pi * options.sigma * options.sigma);
  const double distance = apart / (2 * options.sigma);
  const double related = variance * std::exp(-distance * distance);
  // Five standard deviations of the estimates.
  const double slack = 5 / std::sqrt(static_cast<double>(kFields));
  EXPECT_NEAR(moments.mean, 0, slack * std::sqrt(variance));
  EXPECT_NEAR(moments.square, variance, slack * 1.5 * variance);
  EXPECT_NEAR(moments.square_at_corner, variance, slack * 1.5 * variance);
  EXPECT_NEAR(moments.along_row, related, slack * 1.2 * variance);
  EXPECT_NEAR(moments.along_column, related, slack * 1.2 * variance);
  EXPECT_NEAR(moments.across, 0, slack * variance);
}

TEST(ElasticField, HasTheStatedSpreadAndSmoothness) {
  ExpectStatedSpread({.sigma = 4, .alpha = 34}, 28);
}

TEST(ElasticField, NumbersForEveryPixelHaveIt) {
  ExpectStatedSpread({.sigma = 1.5, .alpha = 5}, 9);
}

TEST(ElasticField, NumbersForEverySixthPixelHaveIt) {
  ExpectStatedSpread({.sigma = 6.9, .alpha = 100}, 32);
}

TEST(ElasticField, NeighboursMoveTogether) {
  ElasticField field(28, 28, {.sigma = 4, .alpha = 34});
  field.Draw(FieldStream(0));
  // Differences of neighbours have a standard deviation of 0.24; of twice as many pixels, 0.48.
  for (int y = 0; y < 28; ++y) {
    for (int x = 1; x < 28; ++x) {
      EXPECT_LT(std::fabs(field.Rightward(y)[x] - field.Rightward(y)[x - 1]), 1.2F);
    }
  }
}

TEST(ElasticField, DependsOnTheStreamAlone) {
  ElasticField used(11, 30, {});
  used.Draw(FieldStream(1));
  const std::vector<float> one = Values(used, 11, 30);
  used.Draw(FieldStream(2));
  EXPECT_NE(Values(used, 11, 30), one);
  used.Draw(FieldStream(1));
  EXPECT_EQ(Values(used, 11, 30), one);
  ElasticField fresh(11, 30, {});
  fresh.Draw(FieldStream(1));
  EXPECT_EQ(Values(fresh, 11, 30), one);
}

TEST(ElasticField, AlphaIsAFactor) {
  ElasticField once(5, 40, {.sigma = 3, .alpha = 1});
  ElasticField eightfold(5, 40, {.sigma = 3, .alpha = 8});
  once.Draw(FieldStream(3));
  eightfold.Draw(FieldStream(3));
  for (int x = 0; x < 40; ++x) {
    EXPECT_EQ(8 * once.Downward(4)[x], eightfold.Downward(4)[x]);
  }
}

TEST(ElasticField, ABlurWiderThanTheImageIsFine) {
  ElasticField field(1, 3, {.sigma = 50, .alpha = 300});
  field.Draw(FieldStream(0));
  EXPECT_NEAR(field.Rightward(0)[0], field.Rightward(0)[2], 0.2);
  EXPECT_NE(field.Rightward(0)[0], 0);
}

}  // namespace
}  // namespace lockstep
