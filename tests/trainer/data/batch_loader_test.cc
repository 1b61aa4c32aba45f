#include "trainer/data/batch_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

#include "tests/trainer/data/small_datasets.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(RequestFor, NamesEpochAndPositions) {
  const StepPlan plan(/*samples=*/10, /*global_batch=*/4, /*microbatch=*/2);
  const MicrobatchRequest request = RequestFor(plan, /*step=*/4, /*index=*/1);
  EXPECT_EQ(request.step, 4);
  EXPECT_EQ(request.index, 1);
  EXPECT_EQ(request.epoch, 1U);
  EXPECT_EQ(request.positions, (IndexRange{6, 8}));
}

class BatchLoaderTest : public testing::Test {
 protected:
  std::vector<std::byte> block_ = Pack(SmallUint8Dataset(10));
  Dataset dataset_ = Dataset::View(block_);
  Normalizer unscaled_{2, {.scale = 1.0}};
};

TEST_F(BatchLoaderTest, GathersImagesLabelsAndIds) {
  BatchLoader loader(dataset_, unscaled_, Sampler::InOrder({7, 2, 5}));
  Microbatch microbatch;
  loader.Load({.step = 3, .index = 1, .positions = {1, 3}}, &microbatch);
  EXPECT_EQ(microbatch.step, 3);
  EXPECT_EQ(microbatch.index, 1);
  EXPECT_EQ(microbatch.size(), 2);
  EXPECT_THAT(microbatch.sample_ids, ElementsAre(2, 5));
  EXPECT_THAT(microbatch.labels, ElementsAre(2, 1));
  ASSERT_EQ(microbatch.images.size(), 24U);
  EXPECT_EQ(microbatch.images[0], 24.0F);
  EXPECT_EQ(microbatch.images[23], 71.0F);
}

TEST_F(BatchLoaderTest, FollowsTheSamplersOrderOfTheEpoch) {
  Sampler sampler(5, AllSamples(10));
  BatchLoader loader(dataset_, unscaled_, sampler);
  Microbatch microbatch;
  loader.Load({.epoch = 2, .positions = {4, 8}}, &microbatch);
  EXPECT_THAT(microbatch.sample_ids, testing::ElementsAreArray(sampler.Samples(2, {4, 8})));
}

TEST_F(BatchLoaderTest, AUsedBufferHoldsNothingOfItsPast) {
  BatchLoader loader(dataset_, unscaled_, Sampler::InOrder(AllSamples(10)));
  Microbatch used;
  Microbatch fresh;
  loader.Load({.positions = {0, 6}}, &used);
  loader.Load({.positions = {6, 10}}, &used);
  loader.Load({.positions = {6, 10}}, &fresh);
  EXPECT_EQ(used.images, fresh.images);
  EXPECT_EQ(used.labels, fresh.labels);
  EXPECT_EQ(used.sample_ids, fresh.sample_ids);
}

TEST_F(BatchLoaderTest, PixelsAreNormalisedByChannel) {
  const NormalizationOptions options{.scale = 0.0, .mean = {1.0, 2.0}, .std = {1.0, 1.0}};
  BatchLoader loader(dataset_, Normalizer(2, options), Sampler::InOrder({0}));
  Microbatch microbatch;
  loader.Load({.positions = {0, 1}}, &microbatch);
  for (size_t i = 0; i < microbatch.images.size(); i += 2) {
    EXPECT_EQ(microbatch.images[i], -1.0F);
    EXPECT_EQ(microbatch.images[i + 1], -2.0F);
  }
}

TEST_F(BatchLoaderTest, AnAugmenterSeesEverySampleInItsEpoch) {
  const AugmentationOptions options{.brightness = 100};
  Augmenter augmenter(options, dataset_.shape(), unscaled_, 3);
  BatchLoader loader(dataset_, unscaled_, Sampler::InOrder(AllSamples(10)), augmenter);
  BatchLoader plain(dataset_, unscaled_, Sampler::InOrder(AllSamples(10)));
  Microbatch augmented;
  Microbatch expected;
  loader.Load({.epoch = 4, .positions = {2, 7}}, &augmented);
  plain.Load({.epoch = 4, .positions = {2, 7}}, &expected);
  EXPECT_NE(augmented.images, expected.images);
  for (size_t i = 0; i < 5; ++i) {
    augmenter.Apply(4, expected.sample_ids[i], std::span(expected.images).subspan(12 * i, 12));
  }
  EXPECT_EQ(augmented.images, expected.images);
  EXPECT_EQ(augmented.labels, expected.labels);
}

TEST_F(BatchLoaderTest, SamplesAreMixedWithOthersThatAreTrainedOn) {
  const Augmenter augmenter({.brightness = 100, .mix_up_alpha = 1}, dataset_.shape(), unscaled_, 3);
  const Augmenter unmixed({.brightness = 100}, dataset_.shape(), unscaled_, 3);
  const std::vector<uint32_t> trained_on = {1, 4, 6, 9, 3};
  BatchLoader loader(dataset_, unscaled_, Sampler::InOrder(trained_on), augmenter);
  BatchLoader plain(dataset_, unscaled_, Sampler::InOrder(AllSamples(10)), unmixed);
  Microbatch mixed;
  Microbatch all;
  loader.Load({.epoch = 4, .positions = {1, 5}}, &mixed);
  plain.Load({.epoch = 4, .positions = {0, 10}}, &all);
  ASSERT_EQ(mixed.other_labels.size(), 4U);
  ASSERT_EQ(mixed.shares.size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    const uint32_t own = trained_on[i + 1];
    const auto partner = augmenter.DrawPartner(4, own, 5).value();
    const uint32_t other = trained_on.at(partner.position);
    EXPECT_EQ(mixed.sample_ids[i], own);
    EXPECT_EQ(mixed.labels[i], dataset_.label(own));
    EXPECT_EQ(mixed.other_labels[i], dataset_.label(other));
    EXPECT_EQ(mixed.shares[i], partner.share);
    for (size_t pixel = 0; pixel < 12; ++pixel) {
      EXPECT_EQ(mixed.images[12 * i + pixel],
                partner.share * all.images[12 * own + pixel] +
                    (1 - partner.share) * all.images[12 * other + pixel]);
    }
  }
  plain.Load({.positions = {0, 2}}, &mixed);
  EXPECT_TRUE(mixed.other_labels.empty());
  EXPECT_TRUE(mixed.shares.empty());
}

TEST_F(BatchLoaderTest, FloatPixelsLoadToTheSameBits) {
  const std::vector<std::byte> floats = Pack(SmallFloat32Dataset(10));
  const NormalizationOptions options{.mean = {0.1, 0.2}, .std = {0.3, 0.7}};
  Microbatch from_bytes;
  Microbatch from_floats;
  BatchLoader(dataset_, Normalizer(2, options), Sampler::InOrder(AllSamples(10)))
      .Load({.positions = {0, 10}}, &from_bytes);
  BatchLoader(Dataset::View(floats), Normalizer(2, options), Sampler::InOrder(AllSamples(10)))
      .Load({.positions = {0, 10}}, &from_floats);
  EXPECT_EQ(from_bytes.images, from_floats.images);
}

}  // namespace
}  // namespace lockstep
