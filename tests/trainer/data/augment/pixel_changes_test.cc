#include "trainer/data/augment/pixel_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace lockstep {
namespace {

using testing::ElementsAre;

RandomStream PixelStream(uint32_t sample) {
  return {3, {.purpose = Purpose::kAugment, .layer = 10, .time = 1, .sample = sample}};
}

TEST(Brighten, AddsTheAmountInTheChannelsUnits) {
  std::vector<float> image = {1, 2, 3, 4};
  Brighten(0.5F, std::vector<float>{2, 4}, image);
  EXPECT_THAT(image, ElementsAre(2, 4, 4, 6));
  Brighten(-1, std::vector<float>{2}, image);
  EXPECT_THAT(image, ElementsAre(0, 2, 2, 4));
}

TEST(AddNoise, HasTheStatedMeanAndDeviationAndIsNearlyNormal) {
  constexpr int kValues = 100'000;
  std::vector<float> image(kValues, 2.0F);
  AddNoise(PixelStream(0), 0.25F, std::vector<float>{1}, image);
  double mean = 0;
  double variance = 0;
  int within_one = 0;
  for (const float value : image) {
    const double noise = value - 2.0;
    mean += noise / kValues;
    variance += noise * noise / kValues;
    within_one += std::fabs(noise) < 0.25 ? 1 : 0;
    ASSERT_LT(std::fabs(noise), 3.46 * 0.25);
  }
  EXPECT_NEAR(mean, 0, 0.004);
  EXPECT_NEAR(variance, 0.0625, 0.0015);
  EXPECT_NEAR(within_one / double{kValues}, 0.68, 0.02);
}

TEST(AddNoise, EveryValueHasItsOwnInItsChannelsUnits) {
  std::vector<float> grey(3000);
  std::vector<float> colour(3000);
  AddNoise(PixelStream(1), 1, std::vector<float>{1}, grey);
  AddNoise(PixelStream(1), 1, std::vector<float>{1, 2, 4}, colour);
  for (size_t i = 0; i < grey.size(); ++i) {
    ASSERT_EQ(colour[i], grey[i] * static_cast<float>(1 << (i % 3)));
  }
  EXPECT_GT(std::set<float>(grey.begin(), grey.end()).size(), 600U);
}

TEST(AddNoise, DependsOnTheStream) {
  std::vector<float> one(50);
  std::vector<float> again(50);
  std::vector<float> other(50);
  AddNoise(PixelStream(1), 1, std::vector<float>{1}, one);
  AddNoise(PixelStream(1), 1, std::vector<float>{1}, again);
  AddNoise(PixelStream(2), 1, std::vector<float>{1}, other);
  EXPECT_EQ(one, again);
  EXPECT_NE(one, other);
}

// What is filled of a 2-channel image of 9 x 12.
struct Filled {
  int pixels = 0;
  int left = 12;
  int right = -1;
  int top = 9;
  int bottom = -1;
};

Filled Cut(const CutoutOptions& options, uint32_t sample) {
  const ImageShape shape{.channels = 2, .height = 9, .width = 12};
  std::vector<float> image(static_cast<size_t>(shape.size()), 1.0F);
  CutOut(PixelStream(sample), options, shape, std::vector<float>{-3, -4}, image);
  Filled filled;
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      const float* const pixel = image.data() + 2 * (y * shape.width + x);
      if (pixel[0] == 1.0F && pixel[1] == 1.0F) {
        continue;
      }
      EXPECT_EQ(pixel[0], -3.0F);
      EXPECT_EQ(pixel[1], -4.0F);
      ++filled.pixels;
      filled.left = std::min(filled.left, x);
      filled.right = std::max(filled.right, x);
      filled.top = std::min(filled.top, y);
      filled.bottom = std::max(filled.bottom, y);
    }
  }
  return filled;
}

TEST(CutOut, FillsARectangleThatIsASquareUnlessAnEdgeCutsIt) {
  int whole = 0;
  for (uint32_t sample = 0; sample < 500; ++sample) {
    const Filled filled = Cut({.size = 4}, sample);
    const int width = filled.right - filled.left + 1;
    const int height = filled.bottom - filled.top + 1;
    EXPECT_EQ(filled.pixels, width * height);
    const bool cut_at_the_side = filled.left == 0 || filled.right == 11;
    const bool cut_at_the_end = filled.top == 0 || filled.bottom == 8;
    EXPECT_TRUE(width == 4 || (cut_at_the_side && width >= 2));
    EXPECT_TRUE(height == 4 || (cut_at_the_end && height >= 2));
    whole += filled.pixels == 16 ? 1 : 0;
  }
  // The centre is in 6 of 9 rows and 9 of 12 columns for that: half of the time.
  EXPECT_NEAR(whole, 250, 60);
}

TEST(CutOut, CentresAreAllPixels) {
  std::set<std::pair<int, int>> centres;
  for (uint32_t sample = 0; sample < 2000; ++sample) {
    const Filled filled = Cut({.size = 1}, sample);
    EXPECT_EQ(filled.pixels, 1);
    centres.emplace(filled.left, filled.top);
  }
  EXPECT_EQ(centres.size(), 9U * 12U);
}

TEST(CutOut, SeveralSquaresLieInDifferentPlaces) {
  int two = 0;
  for (uint32_t sample = 0; sample < 100; ++sample) {
    const int pixels = Cut({.size = 1, .count = 2}, sample).pixels;
    EXPECT_GE(pixels, 1);
    two += pixels == 2 ? 1 : 0;
  }
  EXPECT_GT(two, 90);
}

}  // namespace
}  // namespace lockstep
