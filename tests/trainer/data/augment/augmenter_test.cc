#include "trainer/data/augment/augmenter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace lockstep {
namespace {

using Image = std::vector<float>;

constexpr ImageShape kShape{.channels = 1, .height = 21, .width = 21};

// Everything at once.
AugmentationOptions Everything() {
  return {.crop_padding = 2,
          .flip_probability = 0.5,
          .lowest_scale = 0.9,
          .highest_scale = 1.2,
          .same_scale = false,
          .shear_degrees = 5,
          .rotation_degrees = 10,
          .translation_pixels = 1.5,
          .elastic = ElasticOptions{.sigma = 3, .alpha = 20, .probability = 0.7},
          .fill = 0.25,
          .brightness = 0.1,
          .noise = 0.05,
          .cutout = CutoutOptions{.size = 5, .count = 2, .probability = 0.7}};
}

// A pixel's value says where it is from: columns count as 1, rows as 100, from the centre.
Image Slope() {
  Image image;
  for (int y = -10; y <= 10; ++y) {
    for (int x = -10; x <= 10; ++x) {
      image.push_back(static_cast<float>(x + 100 * y));
    }
  }
  return image;
}

constexpr size_t kCentre = 10 * 21 + 10;

const NormalizationOptions kPlain{.scale = 1};

Image Augmented(const AugmentationOptions& options, uint32_t sample, uint32_t epoch = 0,
                uint64_t seed = 1, const NormalizationOptions& normalization = kPlain) {
  Image image = Slope();
  Augmenter(options, kShape, Normalizer(1, normalization), seed).Apply(epoch, sample, image);
  return image;
}

TEST(Augmenter, WithoutOptionsNothingChanges) { EXPECT_EQ(Augmented({}, 3), Slope()); }

TEST(Augmenter, SeedSampleAndEpochDecideAndNothingElse) {
  const Image image = Augmented(Everything(), 3, 2, 1);
  EXPECT_EQ(Augmented(Everything(), 3, 2, 1), image);
  EXPECT_NE(Augmented(Everything(), 4, 2, 1), image);
  EXPECT_NE(Augmented(Everything(), 3, 3, 1), image);
  EXPECT_NE(Augmented(Everything(), 3, 2, 2), image);
}

TEST(Augmenter, WhatItDidBeforeDoesNotMatter) {
  Augmenter used(Everything(), kShape, Normalizer(1, kPlain), 1);
  Image image;
  for (const uint32_t sample : {9, 1, 4, 4, 3}) {
    image = Slope();
    used.Apply(2, sample, image);
  }
  EXPECT_EQ(image, Augmented(Everything(), 3, 2));
}

// What a single operation does, found from the pixel at the centre, over many samples.
struct Range {
  double lowest = 1e9;
  double highest = -1e9;
  std::map<double, int> counts;

  void Add(double value) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
    ++counts[value];
  }
};

TEST(Augmenter, CropsShiftByEveryWholeNumberUpToThePadding) {
  Range x;
  Range y;
  for (uint32_t sample = 0; sample < 1000; ++sample) {
    const float value = Augmented({.crop_padding = 2}, sample)[kCentre];
    y.Add(std::round(value / 100));
    x.Add(value - 100 * std::round(value / 100));
  }
  for (const Range* const range : {&x, &y}) {
    EXPECT_EQ(range->counts.size(), 5U);
    for (const auto& [shift, count] : range->counts) {
      EXPECT_LE(std::fabs(shift), 2);
      EXPECT_NEAR(count, 200, 65);
    }
  }
}

TEST(Augmenter, FlipsHappenAsOftenAsStated) {
  int flips = 0;
  for (uint32_t sample = 0; sample < 1000; ++sample) {
    const float value = Augmented({.flip_probability = 0.3}, sample)[kCentre + 1];
    EXPECT_EQ(std::fabs(value), 1);
    flips += value == -1 ? 1 : 0;
  }
  EXPECT_NEAR(flips, 300, 73);
}

TEST(Augmenter, TranslationsScalesAndTurnsFillTheirRanges) {
  Range translation;
  Range scale;
  Range rotation;
  for (uint32_t sample = 0; sample < 500; ++sample) {
    const float moved = Augmented({.translation_pixels = 1.5}, sample)[kCentre];
    translation.Add(moved / 100);  // down, and a hundredth of what is to the right
    const float scaled =
        Augmented({.lowest_scale = 0.8, .highest_scale = 1.6}, sample)[kCentre + 4];
    scale.Add(4 / scaled);
    // 4 pixels to the right: turned, that many times the sine of the angle below.
    const float turned = Augmented({.rotation_degrees = 20}, sample)[kCentre + 4];
    rotation.Add(std::round(turned) / 400);
  }
  EXPECT_GE(translation.lowest, -1.5 * 1.01);
  EXPECT_LE(translation.highest, 1.5 * 1.01);
  EXPECT_GT(translation.highest - translation.lowest, 2.9);
  EXPECT_NEAR(scale.lowest, 0.8, 0.02);
  EXPECT_NEAR(scale.highest, 1.6, 0.02);
  EXPECT_GE(scale.lowest, 0.8 - 1e-4);
  EXPECT_LE(scale.highest, 1.6 + 1e-4);
  EXPECT_NEAR(rotation.lowest, -std::sin(0.349), 0.02);
  EXPECT_NEAR(rotation.highest, std::sin(0.349), 0.02);
}

TEST(Augmenter, HeightAndWidthScaleTogetherUnlessAsked) {
  const auto ratio = [](bool same) {
    const Image image = Augmented({.lowest_scale = 0.5, .highest_scale = 2, .same_scale = same}, 5);
    return (image[kCentre + 21] / 100) / image[kCentre + 1];
  };
  EXPECT_NEAR(ratio(true), 1, 1e-4);
  EXPECT_GT(std::fabs(ratio(false) - 1), 0.01);
}

TEST(Augmenter, SwitchingOneOperationOnChangesNothingAboutTheOthers) {
  const AugmentationOptions noise{.noise = 0.5};
  const AugmentationOptions both{.flip_probability = 1, .noise = 0.5};
  const Image straight = Augmented(noise, 7);
  const Image flipped = Augmented(both, 7);
  const Image slope = Slope();
  for (size_t i = 0; i < slope.size(); ++i) {
    const size_t mirrored = i / 21 * 21 + 20 - i % 21;
    EXPECT_NEAR(flipped[i] - slope[mirrored], straight[i] - slope[i], 1e-3);
  }
}

TEST(Augmenter, FillBrightnessAndNoiseAreInUnitsOfThePixels) {
  const NormalizationOptions scaled{.scale = 1.0 / 255, .mean = {0.5}, .std = {0.25}};
  const AugmentationOptions all_filled{.fill = 0.75, .cutout = CutoutOptions{.size = 100}};
  EXPECT_EQ(Augmented(all_filled, 1, 0, 1, scaled), Image(21 * 21, 1.0F));
  const Image slope = Slope();
  double squares = 0;
  for (uint32_t sample = 0; sample < 50; ++sample) {
    const float brighter = Augmented({.brightness = 0.1}, sample, 0, 1, scaled)[kCentre];
    EXPECT_LE(std::fabs(brighter), 0.4F);
    const Image noisy = Augmented({.noise = 0.1}, sample, 0, 1, scaled);
    for (size_t i = 0; i < slope.size(); ++i) {
      squares += std::pow(noisy[i] - slope[i], 2) / (50 * 441);
    }
  }
  EXPECT_NEAR(squares, 0.16, 0.01);
}

TEST(Augmenter, SquaresAreCutOutAfterNoiseAndBrightness) {
  const AugmentationOptions options{
      .fill = 7, .brightness = 1, .noise = 1, .cutout = CutoutOptions{.size = 5}};
  EXPECT_GE(std::ranges::count(Augmented(options, 2), 7.0F), 9);
}

TEST(Augmenter, ElasticAndCutoutHappenAsOftenAsStated) {
  int displaced = 0;
  int cut = 0;
  for (uint32_t sample = 0; sample < 400; ++sample) {
    displaced += Augmented({.elastic = ElasticOptions{.probability = 0.25}}, sample) != Slope();
    cut += Augmented({.cutout = CutoutOptions{.size = 3, .probability = 0.75}}, sample) != Slope();
  }
  EXPECT_NEAR(displaced, 100, 44);
  EXPECT_NEAR(cut, 300, 44);
}

TEST(Augmenter, PartnersAreDrawnFromAllAndTheOwnShareIsTheLarger) {
  const Augmenter mixing({.mix_up_alpha = 0.5}, kShape, Normalizer(1, kPlain), 1);
  std::map<uint32_t, int> partners;
  double variance = 0;
  for (uint32_t sample = 0; sample < 3000; ++sample) {
    const auto partner = mixing.DrawPartner(2, sample, 6);
    ASSERT_TRUE(partner.has_value());
    EXPECT_GE(partner->share, 0.5F);
    EXPECT_LE(partner->share, 1.0F);
    ++partners[partner->position];
    variance += std::pow(partner->share - 0.5, 2) / 3000;
  }
  ASSERT_EQ(partners.size(), 6U);
  for (const auto& [position, count] : partners) {
    EXPECT_LT(position, 6U);
    EXPECT_NEAR(count, 500, 102);
  }
  EXPECT_NEAR(variance, 0.125, 0.01);  // of Beta(0.5, 0.5)
  EXPECT_FALSE(Augmenter({}, kShape, Normalizer(1, kPlain), 1).DrawPartner(2, 0, 6).has_value());
}

}  // namespace
}  // namespace lockstep
