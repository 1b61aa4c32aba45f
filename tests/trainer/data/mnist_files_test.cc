#include "trainer/data/mnist_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/storage/test_files.h"
#include "tests/trainer/data/mnist_for_tests.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

using storage::TemporaryDirectory;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Directories = std::vector<std::filesystem::path>;

TEST(FindMnist, FindsPlainAndPackedFiles) {
  const TemporaryDirectory directory;
  WriteFakeMnist(directory / "plain", 4);
  WriteFakeMnist(directory / "packed", 4, ".gz");
  EXPECT_EQ(FindMnist(Directories{directory / "plain"})[MnistFile::kTestLabels],
            directory / "plain/t10k-labels-idx1-ubyte");
  EXPECT_EQ(FindMnist(Directories{directory / "packed"})[MnistFile::kTrainImages],
            directory / "packed/train-images-idx3-ubyte.gz");
}

TEST(FindMnist, FindsTorchvisionsLayout) {
  const TemporaryDirectory directory;
  WriteFakeMnist(directory / "MNIST/raw", 4);
  EXPECT_EQ(FindMnist(Directories{directory.path()})[MnistFile::kTrainLabels],
            directory / "MNIST/raw/train-labels-idx1-ubyte");
}

TEST(FindMnist, FindsTheDottedSpelling) {
  const TemporaryDirectory directory;
  WriteFakeMnist(directory.path(), 4);
  for (const auto& [from, to] : {std::pair("train-images-idx3-ubyte", "train-images.idx3-ubyte"),
                                 std::pair("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte")}) {
    std::filesystem::rename(directory / from, directory / to);
  }
  const MnistPaths paths = FindMnist(Directories{directory.path()});
  EXPECT_EQ(paths[MnistFile::kTrainImages], directory / "train-images.idx3-ubyte");
  EXPECT_EQ(paths[MnistFile::kTrainLabels], directory / "train-labels-idx1-ubyte");
  EXPECT_EQ(paths[MnistFile::kTestLabels], directory / "t10k-labels.idx1-ubyte");
}

TEST(FindMnist, TakesTheFirstDirectoryThatHasIt) {
  const TemporaryDirectory directory;
  WriteFakeMnist(directory / "b", 4);
  WriteFakeMnist(directory / "c", 4);
  const MnistPaths paths =
      FindMnist(Directories{directory / "a", directory / "b", directory / "c"});
  EXPECT_EQ(paths[MnistFile::kTrainImages].parent_path(), directory / "b");
}

TEST(FindMnist, ListsEveryPlaceAndTheRemedyWhenThereIsNone) {
  EXPECT_THAT(
      [] {
        FindMnist(Directories{"/nowhere/a", "/nowhere/b"});
      },
      ThrowsMessage<DataError>(AllOf(
          HasSubstr("MNIST was not found: no train-images-idx3-ubyte"),
          HasSubstr("\n  /nowhere/a\n  /nowhere/a/MNIST/raw\n  /nowhere/b\n"
                    "  /nowhere/b/MNIST/raw\n"),
          HasSubstr("lockstep data fetch --dir /nowhere/a"), HasSubstr("data { digits {} }"))));
}

TEST(FindMnist, SaysHowToNameADirectoryWhenNoneIsNamed) {
  EXPECT_THAT([] { FindMnist(Directories{}); },
              ThrowsMessage<DataError>(HasSubstr("--data-dir DIR or set LOCKSTEP_DATA=DIR")));
}

TEST(FindMnist, APartOfTheFilesIsAnErrorNotAReasonToLookElsewhere) {
  const TemporaryDirectory directory;
  WriteFakeMnist(directory / "part", 4);
  WriteFakeMnist(directory / "whole", 4);
  std::filesystem::remove(directory / "part/t10k-labels-idx1-ubyte");
  EXPECT_THAT(
      [&] {
        FindMnist(Directories{directory / "part", directory / "whole"});
      },
      ThrowsMessage<DataError>(
          AllOf(HasSubstr((directory / "part").string()),
                HasSubstr("has a part of MNIST, but not t10k-labels-idx1-ubyte"))));
}

TEST(IdentifyMnistFile, KnowsMnistAndFashionMnist) {
  EXPECT_EQ(IdentifyMnistFile(FactsOf(MnistFile::kTestImages).sha256), "MNIST");
  EXPECT_EQ(IdentifyMnistFile("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
            "Fashion-MNIST");
  EXPECT_EQ(IdentifyMnistFile(FactsOf(MnistFile::kTestImages).gzip_sha256), std::nullopt);
}

}  // namespace
}  // namespace lockstep
