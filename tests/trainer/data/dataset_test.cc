#include "trainer/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/data/small_datasets.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(Dataset, AViewHoldsWhatWasPacked) {
  const std::vector<std::byte> block = Pack(SmallUint8Dataset(5));
  const Dataset dataset = Dataset::View(block);
  EXPECT_EQ(dataset.size(), 5);
  EXPECT_EQ(dataset.shape(), (ImageShape{.channels = 2, .height = 2, .width = 3}));
  EXPECT_EQ(dataset.classes(), 4);
  EXPECT_EQ(dataset.content(), "small");
  EXPECT_EQ(dataset.pixel_type(), PixelType::kUint8);
  EXPECT_EQ(dataset.label(3), 3);
  EXPECT_EQ(dataset.label(4), 0);
  EXPECT_THAT(dataset.Uint8Pixels(1), ElementsAre(12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23));
}

TEST(Dataset, EqualSamplesGiveEqualBytesWhateverTheMemoryHeld) {
  const LoadedDataset loaded = SmallUint8Dataset(5);
  std::vector<std::byte> block(PackedSize(loaded), std::byte{0xff});
  PackInto(loaded, block);
  EXPECT_EQ(block, Pack(loaded));
}

TEST(Dataset, FloatPixelsKeepTheirValues) {
  LoadedDataset loaded{.shape = {.height = 1, .width = 2}, .classes = 2};
  loaded.pixels = std::vector<float>{0.5F, -1e-30F, 3e30F, 0.1F};
  loaded.labels = {1, 0};
  const std::vector<std::byte> block = Pack(loaded);
  const Dataset dataset = Dataset::View(block);
  EXPECT_EQ(dataset.pixel_type(), PixelType::kFloat32);
  EXPECT_THAT(dataset.Float32Pixels(0), ElementsAre(0.5F, -1e-30F));
  EXPECT_THAT(dataset.Float32Pixels(1), ElementsAre(3e30F, 0.1F));
}

TEST(Dataset, CopiesPixelsOfEitherTypeUnscaled) {
  const std::vector<std::byte> bytes = Pack(SmallUint8Dataset(3));
  const std::vector<std::byte> floats = Pack(SmallFloat32Dataset(3));
  std::vector<float> from_bytes(12);
  std::vector<float> from_floats(12);
  Dataset::View(bytes).CopyPixels(2, from_bytes);
  Dataset::View(floats).CopyPixels(2, from_floats);
  EXPECT_EQ(from_bytes.front(), 24.0F);
  EXPECT_EQ(from_bytes, from_floats);
}

TEST(Dataset, EqualDataPacksToEqualBytes) {
  EXPECT_EQ(Pack(SmallUint8Dataset(7)), Pack(SmallUint8Dataset(7)));
}

TEST(Dataset, PacksIntoMemoryOfTheCaller) {
  const LoadedDataset loaded = SmallUint8Dataset(5);
  std::vector<std::byte> block(PackedSize(loaded));
  PackInto(loaded, block);
  EXPECT_EQ(block, Pack(loaded));
}

TEST(Dataset, RefusesABlockThatIsCutOffOrNotABlock) {
  std::vector<std::byte> block = Pack(SmallUint8Dataset(5));
  EXPECT_THROW(Dataset::View(std::span(block).first(block.size() - 1)), CheckFailure);
  EXPECT_THROW(Dataset::View(std::span(block).first(8)), CheckFailure);
  block[0] ^= std::byte{1};
  EXPECT_THROW(Dataset::View(block), CheckFailure);
}

TEST(Dataset, RefusesToPackWhatDoesNotFitTogether) {
  LoadedDataset high_label = SmallUint8Dataset(2);
  high_label.labels[1] = 4;
  EXPECT_THROW(Pack(high_label), CheckFailure);
  LoadedDataset missing_pixel = SmallUint8Dataset(2);
  std::get<std::vector<uint8_t>>(missing_pixel.pixels).pop_back();
  EXPECT_THROW(Pack(missing_pixel), CheckFailure);
}

TEST(Dataset, RefusesTheOtherPixelTypeAndSamplesPastTheEnd) {
  const std::vector<std::byte> block = Pack(SmallUint8Dataset(2));
  const Dataset dataset = Dataset::View(block);
  EXPECT_THROW(dataset.Float32Pixels(0), CheckFailure);
  EXPECT_THROW(dataset.Uint8Pixels(2), CheckFailure);
}

}  // namespace
}  // namespace lockstep
