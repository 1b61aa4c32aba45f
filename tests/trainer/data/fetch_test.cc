#include "trainer/data/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <stdexcept>

#include "storage/sha256.h"
#include "tests/storage/test_files.h"
#include "tests/trainer/data/mnist_for_tests.h"
#include "trainer/base/error.h"
#include "trainer/data/idx.h"
#include "trainer/data/mnist.h"

namespace lockstep {
namespace {

using storage::TemporaryDirectory;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

// Mirrors are directories reached by file URLs; what they hold only has MNIST's form, so the table
// of digests is made to fit.
class FetchTest : public testing::Test {
 protected:
  FetchTest() {
    WriteFakeMnist(good_, 6, ".gz");
    WriteFakeMnist(corrupt_, 6, ".gz");
    for (size_t i = 0; i < kMnistFiles.size(); ++i) {
      const std::filesystem::path path = good_ / Packed(i);
      files_[i] = {.name = kMnistFiles[i].name,
                   .sha256 = Keep(storage::Sha256Hex(ReadIdx(path).bytes)),
                   .gzip_sha256 = Keep(storage::Sha256Hex(storage::ReadFile(path)))};
      std::vector<std::byte> bytes = storage::ReadFile(path);
      bytes[bytes.size() / 2] ^= std::byte{1};
      storage::WriteRaw(corrupt_ / Packed(i), bytes);
    }
  }

  static std::string Packed(size_t file) { return std::string(kMnistFiles[file].name) + ".gz"; }
  static std::string Url(const std::filesystem::path& directory) {
    return "file://" + directory.string();
  }
  std::string_view Keep(std::string digest) { return digests_.emplace_back(std::move(digest)); }

  FetchOptions Options(std::vector<std::string> mirrors) const {
    return {.directory = target_, .mirrors = std::move(mirrors), .files = files_};
  }

  TemporaryDirectory directory_;
  std::filesystem::path good_ = directory_ / "good";
  std::filesystem::path corrupt_ = directory_ / "corrupt";
  std::filesystem::path target_ = directory_ / "target";
  std::deque<std::string> digests_;
  std::array<MnistFileFacts, 4> files_;
};

TEST_F(FetchTest, FetchedFilesCanBeLoaded) {
  const std::vector<FetchedFile> fetched = FetchMnist(Options({Url(good_)}));
  ASSERT_THAT(fetched, SizeIs(4));
  EXPECT_EQ(fetched[0].path, target_ / "train-images-idx3-ubyte.gz");
  EXPECT_EQ(fetched[0].url, Url(good_) + "/train-images-idx3-ubyte.gz");
  const MnistPaths paths = FindMnist(std::array{target_});
  EXPECT_EQ(LoadMnist(paths, DatasetPart::kTrain, IdxDigest::kAny).size(), 6);
  EXPECT_EQ(LoadMnist(paths, DatasetPart::kTest, IdxDigest::kAny).size(), 3);
}

TEST_F(FetchTest, AMirrorWithDamagedOrMissingFilesFallsToTheNext) {
  const auto fetched =
      FetchMnist(Options({Url(corrupt_), Url(directory_ / "nothing"), Url(good_) + "/"}));
  for (size_t i = 0; i < fetched.size(); ++i) {
    EXPECT_EQ(fetched[i].url, Url(good_) + "/" + Packed(i));
    EXPECT_EQ(storage::ReadFile(fetched[i].path), storage::ReadFile(good_ / Packed(i)));
  }
}

TEST_F(FetchTest, WhenAllMirrorsFailItSaysWhyAndWhatToDo) {
  const FetchOptions options = Options({Url(corrupt_), Url(directory_ / "nothing")});
  EXPECT_THAT(
      [&] { FetchMnist(options); },
      ThrowsMessage<DataError>(AllOf(
          HasSubstr("MNIST could not be fetched into " + target_.string()),
          HasSubstr("\n  " + Url(corrupt_) + "/train-images-idx3-ubyte.gz: the SHA-256 of "),
          HasSubstr("\n  " + Url(directory_ / "nothing") + "/train-images-idx3-ubyte.gz: Could"),
          HasSubstr("\n  t10k-labels-idx1-ubyte.gz  SHA-256 " + std::string(files_[3].gzip_sha256)),
          HasSubstr("lockstep data verify --dir " + target_.string()))));
  EXPECT_FALSE(std::filesystem::exists(target_));
}

TEST_F(FetchTest, TheUncompressedDigestIsCheckedToo) {
  files_[0].sha256 = files_[1].sha256;
  EXPECT_THAT([&] { FetchMnist(Options({Url(good_)})); },
              ThrowsMessage<DataError>(HasSubstr("train-images-idx3-ubyte.gz (uncompressed): the "
                                                 "SHA-256 of 4720 bytes is ")));
}

TEST_F(FetchTest, TheRightFileIsKeptPlainOrCompressed) {
  WriteFakeMnist(target_, 6);
  EXPECT_THAT(FetchMnist(Options({})), Each(testing::Field(&FetchedFile::url, std::nullopt)));
  std::filesystem::remove_all(target_);
  WriteFakeMnist(target_, 6, ".gz");
  EXPECT_THAT(FetchMnist(Options({})), Each(testing::Field(&FetchedFile::url, std::nullopt)));
}

TEST_F(FetchTest, AnotherFileUnderTheNameIsNotReplaced) {
  WriteFakeMnist(target_, 8, ".gz");
  const std::vector<std::byte> before = storage::ReadFile(target_ / Packed(0));
  EXPECT_THAT([&] { FetchMnist(Options({Url(good_)})); },
              ThrowsMessage<DataError>(AllOf(HasSubstr((target_ / Packed(0)).string()),
                                             HasSubstr("remove it or fetch into another"))));
  EXPECT_EQ(storage::ReadFile(target_ / Packed(0)), before);
}

TEST_F(FetchTest, ADirectoryThatCannotBeWrittenIsNotTheMirrorsFault) {
  storage::WriteRaw(target_, "a file where the directory should be");
  EXPECT_THAT([&] { FetchMnist(Options({Url(good_)})); },
              ThrowsMessage<DataError>(
                  AllOf(HasSubstr(target_.string()), HasSubstr("cannot create the directory"))));
}

TEST_F(FetchTest, ReportsProgressOfEachUrl) {
  std::vector<std::string> finished;
  FetchOptions options = Options({Url(good_)});
  options.progress = [&](const FetchProgress& progress) {
    if (progress.received > 0 && progress.received == progress.announced &&
        (finished.empty() || finished.back() != progress.url)) {
      finished.emplace_back(progress.url);
    }
  };
  FetchMnist(options);
  EXPECT_THAT(finished, ElementsAre(Url(good_) + "/" + Packed(0), Url(good_) + "/" + Packed(1),
                                    Url(good_) + "/" + Packed(2), Url(good_) + "/" + Packed(3)));
}

TEST_F(FetchTest, AnExceptionOfTheProgressEndsItAndLeavesNothing) {
  FetchOptions options = Options({Url(good_)});
  options.progress = [](const FetchProgress&) { throw std::runtime_error("stopped"); };
  EXPECT_THAT([&] { FetchMnist(options); },
              ThrowsMessage<std::runtime_error>(HasSubstr("stopped")));
  EXPECT_FALSE(std::filesystem::exists(target_));
}

}  // namespace
}  // namespace lockstep
