#include "trainer/data/digit_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/storage/test_files.h"
#include "trainer/base/error.h"
#include "trainer/data/mnist.h"

namespace lockstep {
namespace {

using storage::FileNames;
using storage::ReadText;
using storage::TemporaryDirectory;
using storage::WriteRaw;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const auto kFourNames = ElementsAre("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz",
                                    "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz");

DigitFilesOptions In(const std::filesystem::path& directory) {
  return {.directory = directory,
          .train_samples = 7,
          .test_samples = 3,
          .digits = {.seed = 5, .noise = 0.2}};
}

LoadedDataset Load(const std::filesystem::path& directory, DatasetPart part) {
  return LoadMnist(FindMnist(std::array{directory}), part, IdxDigest::kAny);
}

TEST(WriteDigitFiles, WhatIsReadIsWhatIsDrawn) {
  const TemporaryDirectory directory;
  WriteDigitFiles(In(directory / "new" / "place"));
  EXPECT_THAT(FileNames(directory / "new" / "place"), kFourNames);
  for (const auto& [part, samples] : {std::pair(DatasetPart::kTrain, 7), {DatasetPart::kTest, 3}}) {
    const LoadedDataset read = Load(directory / "new" / "place", part);
    const LoadedDataset drawn = DrawDigits({.seed = 5, .noise = 0.2}, part, samples);
    EXPECT_EQ(read.pixels, drawn.pixels);
    EXPECT_EQ(read.labels, drawn.labels);
  }
}

TEST(WriteDigitFiles, ReturnsThePathsOfItsFiles) {
  const TemporaryDirectory directory;
  for (const std::filesystem::path& path : WriteDigitFiles(In(directory.path()))) {
    EXPECT_TRUE(is_regular_file(path)) << path;
  }
}

TEST(WriteDigitFiles, AFileThatIsThereIsNotReplacedUnlessAskedFor) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "t10k-labels-idx1-ubyte.gz", "old");
  DigitFilesOptions options = In(directory.path());
  EXPECT_THAT([&] { WriteDigitFiles(options); },
              ThrowsMessage<DataError>(AllOf(
                  HasSubstr("t10k-labels-idx1-ubyte.gz: is there already"), HasSubstr("--force"))));
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("t10k-labels-idx1-ubyte.gz"));
  EXPECT_EQ(ReadText(directory / "t10k-labels-idx1-ubyte.gz"), "old");
  options.replace = true;
  WriteDigitFiles(options);
  EXPECT_THAT(FileNames(directory.path()), kFourNames);
  EXPECT_EQ(Load(directory.path(), DatasetPart::kTest).size(), 3);
}

TEST(WriteDigitFiles, AFileThatWouldBeReadInsteadIsNeverReplaced) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "train-images-idx3-ubyte", "old");
  DigitFilesOptions options = In(directory.path());
  options.replace = true;
  EXPECT_THAT([&] { WriteDigitFiles(options); },
              ThrowsMessage<DataError>(HasSubstr("train-images-idx3-ubyte: is there already and "
                                                 "would be read in place of "
                                                 "train-images-idx3-ubyte.gz")));
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("train-images-idx3-ubyte"));
}

TEST(WriteDigitFiles, APlaceThatCannotBeWrittenToIsNamed) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "file", "");
  EXPECT_THAT([&] { WriteDigitFiles(In(directory / "file")); },
              ThrowsMessage<DataError>(HasSubstr("file: cannot be")));
}

}  // namespace
}  // namespace lockstep
