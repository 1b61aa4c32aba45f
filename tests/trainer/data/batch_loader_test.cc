#include "trainer/data/batch_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
