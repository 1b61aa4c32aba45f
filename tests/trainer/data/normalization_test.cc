#include "trainer/data/normalization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "tests/trainer/data/small_datasets.h"
#include "trainer/base/error.h"
#include "trainer/data/sampler.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// One channel, two pixels a sample.
LoadedDataset Pairs(std::vector<uint8_t> pixels) {
  LoadedDataset loaded{.shape = {.height = 1, .width = 2}, .classes = 1};
  loaded.labels.resize(pixels.size() / 2);
  loaded.pixels = std::move(pixels);
  return loaded;
}

TEST(Normalizer, ByDefaultWhiteIsOneAndBlackIsZero) {
  std::vector<float> out(3);
  Normalizer(1, {}).Apply(std::vector<uint8_t>{0, 51, 255}, out);
  EXPECT_THAT(out, ElementsAre(0.0F, 0.2F, 1.0F));
}

TEST(Normalizer, MeanAndStdAreTakenByChannel) {
  const Normalizer normalizer(2, {.scale = 0.5, .mean = {1.0, 2.0}, .std = {2.0, 4.0}});
  std::vector<float> out(4);
  normalizer.Apply(std::vector<uint8_t>{2, 4, 10, 20}, out);
  EXPECT_THAT(out, ElementsAre(0.0F, 0.0F, 2.0F, 2.0F));
}

TEST(Normalizer, StoredTypeDoesNotChangeABit) {
  const Normalizer normalizer(1, {.mean = {0.1307}, .std = {0.3081}});
  std::vector<uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  const std::vector<float> floats(bytes.begin(), bytes.end());
  std::vector<float> from_bytes(256);
  std::vector<float> from_floats(256);
  normalizer.Apply(bytes, from_bytes);
  normalizer.Apply(floats, from_floats);
  EXPECT_EQ(from_bytes, from_floats);
}

TEST(Normalizer, RefusesOptionsThatDoNotFitTheImages) {
  EXPECT_THAT(
      [] { Normalizer(3, {.mean = {0.5}}); },
      ThrowsMessage<ConfigError>(HasSubstr("data.normalization.fixed.mean: must have one value "
                                           "for each of the 3 channels")));
  EXPECT_THAT(
      [] {
        Normalizer(2, {.std = {1.0, 0.0}});
      },
      ThrowsMessage<ConfigError>(HasSubstr("standard_deviation[1]: must be positive, is 0")));
  EXPECT_THROW(Normalizer(1, {.std = {std::numeric_limits<double>::quiet_NaN()}}), ConfigError);
}

TEST(MeasureMeanStd, HandComputedCase) {
  const std::vector<std::byte> block = Pack(Pairs({0, 2, 4, 6}));
  NormalizationOptions options{.scale = 0.5};
  MeasureMeanStd(Dataset::View(block), AllSamples(2), &options);
  EXPECT_THAT(options.mean, ElementsAre(1.5));
  EXPECT_THAT(options.std, ElementsAre(0.5 * std::sqrt(5.0)));
}

TEST(MeasureMeanStd, LooksAtTheGivenSamplesAloneInAnyOrder) {
  const std::vector<std::byte> block = Pack(Pairs({0, 2, 200, 255, 4, 6}));
  NormalizationOptions one{.scale = 0.5};
  NormalizationOptions other = one;
  MeasureMeanStd(Dataset::View(block), std::vector<uint32_t>{0, 2}, &one);
  MeasureMeanStd(Dataset::View(block), std::vector<uint32_t>{2, 0}, &other);
  EXPECT_THAT(one.mean, ElementsAre(1.5));
  EXPECT_EQ(one.mean, other.mean);
  EXPECT_EQ(one.std, other.std);
}

TEST(MeasureMeanStd, FloatPixelsAgreeWithTheSameBytes) {
  const std::vector<std::byte> bytes = Pack(SmallUint8Dataset(100));
  const std::vector<std::byte> floats = Pack(SmallFloat32Dataset(100));
  NormalizationOptions from_bytes;
  NormalizationOptions from_floats;
  MeasureMeanStd(Dataset::View(bytes), AllSamples(100), &from_bytes);
  MeasureMeanStd(Dataset::View(floats), AllSamples(100), &from_floats);
  ASSERT_EQ(from_floats.mean.size(), 2U);
  for (size_t channel = 0; channel < 2; ++channel) {
    EXPECT_NEAR(from_floats.mean[channel], from_bytes.mean[channel], 1e-12);
    EXPECT_NEAR(from_floats.std[channel], from_bytes.std[channel], 1e-12);
  }
  EXPECT_NE(from_bytes.mean[0], from_bytes.mean[1]);
}

TEST(MeasureMeanStd, MeasuredImagesHaveMeanZeroAndVarianceOne) {
  const std::vector<std::byte> block = Pack(Pairs({3, 90, 255, 4, 17, 30}));
  const Dataset dataset = Dataset::View(block);
  NormalizationOptions options;
  MeasureMeanStd(dataset, AllSamples(3), &options);
  const Normalizer normalizer(1, options);
  double sum = 0.0;
  double squares = 0.0;
  for (int64_t sample = 0; sample < 3; ++sample) {
    std::vector<float> image(2);
    normalizer.Apply(dataset.Uint8Pixels(sample), image);
    for (const double pixel : image) {
      sum += pixel;
      squares += pixel * pixel;
    }
  }
  EXPECT_NEAR(sum / 6, 0.0, 1e-6);
  EXPECT_NEAR(squares / 6, 1.0, 1e-6);
}

TEST(Normalizer, ScaledValuesBecomeWhatPixelsBecomeAndBack) {
  const Normalizer normalizer(2, {.scale = 0.5, .mean = {1, 3}, .std = {2, 8}});
  std::vector<float> image(2);
  normalizer.Apply(std::vector<float>{10, 10}, image);
  for (const int channel : {0, 1}) {
    EXPECT_EQ(normalizer.FromScaled(5, channel), image[static_cast<size_t>(channel)]);
    EXPECT_EQ(normalizer.ToScaled(image[static_cast<size_t>(channel)], channel), 5);
  }
  EXPECT_EQ(normalizer.ScaledUnit(0), 0.5F);
  EXPECT_EQ(normalizer.ScaledUnit(1), 0.125F);
}

TEST(MeasureMeanStd, RefusesAConstantChannel) {
  const std::vector<std::byte> block = Pack(Pairs({9, 9, 9, 9}));
  NormalizationOptions options;
  EXPECT_THAT([&] { MeasureMeanStd(Dataset::View(block), AllSamples(2), &options); },
              ThrowsMessage<DataError>(HasSubstr("all pixels of channel 0 are 9")));
}

// The sum of many equal numbers, each divided by their count, is rarely that number.
TEST(MeasureMeanStd, RefusesAConstantChannelOfFloatsWhateverRoundingMakesOfIt) {
  for (const int samples : {7, 30, 97}) {
    LoadedDataset loaded = SmallFloat32Dataset(samples);
    auto& pixels = std::get<std::vector<float>>(loaded.pixels);
    for (size_t i = 1; i < pixels.size(); i += 2) {
      pixels[i] = 0.1F;
    }
    const std::vector<std::byte> block = Pack(loaded);
    NormalizationOptions options;
    EXPECT_THAT(
        [&] { MeasureMeanStd(Dataset::View(block), AllSamples(samples), &options); },
        ThrowsMessage<DataError>(HasSubstr("all pixels of channel 1 are 0.10000000149011612")));
  }
}

}  // namespace
}  // namespace lockstep
