#include "trainer/data/data_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/test_files.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

using storage::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::vector<std::byte> kBytes(3, std::byte{7});

TEST(DataFile, ReadsWhatWasWrittenAndCreatesDirectories) {
  const TemporaryDirectory directory;
  WriteDataFile(directory / "a/b/c", kBytes);
  EXPECT_EQ(ReadDataFile(directory / "a/b/c"), kBytes);
  EXPECT_THAT(storage::FileNames(directory / "a/b"), ElementsAre("c"));
}

TEST(DataFile, WhatGoesWrongIsADataErrorThatNamesTheFile) {
  const TemporaryDirectory directory;
  EXPECT_THAT([&] { ReadDataFile(directory / "nothing"); },
              ThrowsMessage<DataError>(HasSubstr((directory / "nothing").string())));
  EXPECT_THAT([&] { ReadDataFile(directory.path()); },
              ThrowsMessage<DataError>(HasSubstr("is a directory")));
  WriteDataFile(directory / "file", kBytes);
  EXPECT_THAT([&] { WriteDataFile(directory / "file/below", kBytes); },
              ThrowsMessage<DataError>(HasSubstr("cannot create the directory")));
  std::filesystem::create_directory(directory / "taken");
  EXPECT_THAT([&] { WriteDataFile(directory / "taken", kBytes); },
              ThrowsMessage<DataError>(HasSubstr((directory / "taken").string())));
}

}  // namespace
}  // namespace lockstep
