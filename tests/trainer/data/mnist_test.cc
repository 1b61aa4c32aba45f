#include "trainer/data/mnist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "storage/sha256.h"
#include "tests/storage/test_files.h"
#include "tests/trainer/data/mnist_for_tests.h"
#include "trainer/base/error.h"
#include "trainer/data/idx.h"

namespace lockstep {
namespace {

using storage::TemporaryDirectory;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class MnistTest : public testing::Test {
 protected:
  MnistTest() { WriteFakeMnist(directory_.path(), 12); }

  LoadedDataset Load(DatasetPart part, IdxDigest digest = IdxDigest::kAny) {
    return LoadMnist(FindMnist(std::array{directory_.path()}), part, digest);
  }

  TemporaryDirectory directory_;
};

TEST_F(MnistTest, LoadsPixelsAndLabelsOfEitherPart) {
  const LoadedDataset train = Load(DatasetPart::kTrain);
  EXPECT_EQ(train.shape, (ImageShape{.channels = 1, .height = 28, .width = 28}));
  EXPECT_EQ(train.classes, 10);
  EXPECT_EQ(train.content, "IDX files");
  EXPECT_THAT(train.labels, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1));
  const auto& pixels = std::get<std::vector<uint8_t>>(train.pixels);
  ASSERT_EQ(pixels.size(), 12U * 784);
  EXPECT_EQ(pixels[0], 0);
  EXPECT_EQ(pixels[784], 1);
  EXPECT_EQ(pixels[785], 8);
  EXPECT_EQ(Load(DatasetPart::kTest).size(), 6);
}

TEST_F(MnistTest, PackedFilesLoadToTheSame) {
  WriteFakeMnist(directory_ / "packed", 12, ".gz");
  const LoadedDataset packed =
      LoadMnist(FindMnist(std::array{directory_ / "packed"}), DatasetPart::kTrain, IdxDigest::kAny);
  EXPECT_EQ(Pack(packed), Pack(Load(DatasetPart::kTrain)));
}

TEST_F(MnistTest, OtherFilesUnderItsNamesAreNotTakenForMnist) {
  EXPECT_THAT(
      [&] { Load(DatasetPart::kTest, IdxDigest::kRequireMnist); },
      ThrowsMessage<DataError>(
          AllOf(HasSubstr((directory_ / "t10k-images-idx3-ubyte").string()),
                HasSubstr("is not MNIST's t10k-images-idx3-ubyte: the SHA-256 of its"),
                HasSubstr("expected 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d49"),
                HasSubstr("set data.mnist.digest to IGNORED"),
                HasSubstr("lockstep data fetch --dir " + directory_.path().string()))));
}

TEST_F(MnistTest, WhatWouldHelpWithADamagedFileDependsOnWhetherItShouldBeMnist) {
  std::filesystem::resize_file(directory_ / "t10k-images-idx3-ubyte", 100);
  EXPECT_THAT([&] { Load(DatasetPart::kTest, IdxDigest::kRequireMnist); },
              ThrowsMessage<DataError>(
                  AllOf(HasSubstr("too short"), HasSubstr("lockstep data fetch --dir"))));
  EXPECT_THAT([&] { Load(DatasetPart::kTest, IdxDigest::kAny); },
              ThrowsMessage<DataError>(
                  AllOf(HasSubstr("too short"), HasSubstr("put a whole copy in its place"))));
}

TEST_F(MnistTest, ALabelAboveNineIsFound) {
  WriteIdx(directory_ / "t10k-labels-idx1-ubyte", std::array<int64_t, 1>{6},
           std::array<uint8_t, 6>{0, 1, 2, 10, 4, 5});
  EXPECT_THAT([&] { Load(DatasetPart::kTest); },
              ThrowsMessage<DataError>(HasSubstr(
                  "t10k-labels-idx1-ubyte: the label of sample 3 is 10, expected 0 to 9")));
}

TEST_F(MnistTest, DifferentCountsAreFound) {
  WriteIdx(directory_ / "t10k-labels-idx1-ubyte", std::array<int64_t, 1>{5},
           std::array<uint8_t, 5>{});
  EXPECT_THAT([&] { Load(DatasetPart::kTest); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("t10k-images-idx3-ubyte holds 6 images"),
                                             HasSubstr("t10k-labels-idx1-ubyte holds 5 labels"))));
}

TEST_F(MnistTest, ImagesOfAnotherSizeAreFound) {
  WriteIdx(directory_ / "t10k-images-idx3-ubyte", std::array<int64_t, 3>{1, 28, 27},
           std::vector<uint8_t>(28 * 27));
  EXPECT_THAT(
      [&] { Load(DatasetPart::kTest); },
      ThrowsMessage<DataError>(HasSubstr("holds an array of 1 x 28 x 27, expected N x 28 x 28")));
}

TEST_F(MnistTest, ImagesAndLabelsInExchangedFilesAreFound) {
  std::filesystem::copy_file(directory_ / "t10k-images-idx3-ubyte",
                             directory_ / "t10k-labels-idx1-ubyte",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT([&] { Load(DatasetPart::kTest); },
              ThrowsMessage<DataError>(HasSubstr(
                  "t10k-labels-idx1-ubyte: holds an array of 6 x 28 x 28, expected one")));
}

using LoadMnistTest = RealMnistTest;

TEST_F(LoadMnistTest, LoadsTheTrueMnist) {
  const LoadedDataset train = LoadMnist(paths_, DatasetPart::kTrain, IdxDigest::kRequireMnist);
  const LoadedDataset test = LoadMnist(paths_, DatasetPart::kTest, IdxDigest::kRequireMnist);
  EXPECT_EQ(train.content, "MNIST");
  EXPECT_EQ(train.size(), 60'000);
  EXPECT_EQ(test.size(), 10'000);
  EXPECT_EQ(std::ranges::count(train.labels, 1), 6742);
  EXPECT_EQ(std::ranges::count(test.labels, 5), 892);
}

TEST_F(LoadMnistTest, TheFilesHaveTheDigestsOfTheTable) {
  for (size_t file = 0; file < kMnistFiles.size(); ++file) {
    const std::vector<std::byte> stored = storage::ReadFile(paths_.paths[file]);
    if (paths_.paths[file].extension() == ".gz") {
      EXPECT_EQ(storage::Sha256Hex(stored), kMnistFiles[file].gzip_sha256);
    }
    const IdxArray array = ReadIdx(paths_.paths[file]);
    EXPECT_EQ(storage::Sha256Hex(array.bytes), kMnistFiles[file].sha256);
  }
}

}  // namespace
}  // namespace lockstep
