#include "storage/checkpoint_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

void WriteSteps(const TemporaryDirectory& directory, const std::vector<int64_t>& steps) {
  for (const int64_t step : steps) {
    WriteCheckpoint(CheckpointPath(directory.path(), step), SmallCheckpoint(step));
  }
}

void FlipLastBit(const std::filesystem::path& path) {
  std::vector<std::byte> file = ReadFile(path);
  file.back() ^= std::byte{1};
  WriteRaw(path, file);
}

std::vector<int64_t> Steps(const TemporaryDirectory& directory) {
  std::vector<int64_t> steps;
  for (const CheckpointFile& file : ListCheckpoints(directory.path())) {
    steps.push_back(file.step);
  }
  return steps;
}

TEST(ListCheckpoints, AscendsAndIgnoresWhatIsNoCheckpoint) {
  const TemporaryDirectory directory;
  for (const char* name :
       {"step-00000200.h5", "step-123456789.h5", "step-00000030.h5", "step-30.h5", "step-.h5",
        "step-00000030.h5.tmp-1-0", "step--0000001.h5", "step-00000031.h5.set-aside", "notes.txt",
        "step-99999999999999999999.h5", "step-000000040.h5"}) {
    WriteRaw(directory / name, "");
  }
  EXPECT_THAT(Steps(directory), ElementsAre(30, 200, 123456789));
}

TEST(ListCheckpoints, AMissingDirectoryHoldsNone) {
  EXPECT_TRUE(ListCheckpoints("/nowhere/at/all").empty());
}

TEST(ListCheckpoints, AFileIsNoDirectory) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "file", "");
  EXPECT_THAT(ErrorOf([&] { ListCheckpoints(directory / "file"); }),
              HasSubstr("cannot be listed: Not a directory"));
}

TEST(FindNewestWhole, FindsNothingInAnEmptyDirectory) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(FindNewestWhole(directory.path()).has_value());
}

TEST(FindNewestWhole, TakesTheNewestOne) {
  const TemporaryDirectory directory;
  WriteSteps(directory, {100, 200});
  const auto found = FindNewestWhole(directory.path());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->file.step, 200);
  EXPECT_EQ(found->file.path, directory / "step-00000200.h5");
  EXPECT_EQ(found->checkpoint, SmallCheckpoint(200));
  EXPECT_TRUE(found->skipped.empty());
}

TEST(FindNewestWhole, WalksBackAndSaysWhatItSkippedAndWhy) {
  const TemporaryDirectory directory;
  WriteSteps(directory, {100, 200, 300, 400});
  FlipLastBit(CheckpointPath(directory.path(), 300));
  std::filesystem::resize_file(CheckpointPath(directory.path(), 400), 0);
  const auto found = FindNewestWhole(directory.path());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->file.step, 200);
  ASSERT_EQ(found->skipped.size(), 2U);
  EXPECT_EQ(found->skipped[0].path.filename(), "step-00000400.h5");
  EXPECT_THAT(found->skipped[0].reason, HasSubstr("step-00000400.h5: is empty"));
  EXPECT_THAT(found->skipped[1].reason, HasSubstr("step-00000300.h5: is damaged"));
}

TEST(FindNewestWhole, NeverStartsFromScratchWhenAllAreBroken) {
  const TemporaryDirectory directory;
  WriteSteps(directory, {100, 200});
  FlipLastBit(CheckpointPath(directory.path(), 100));
  FlipLastBit(CheckpointPath(directory.path(), 200));
  EXPECT_THAT(
      ErrorOf([&] { FindNewestWhole(directory.path()); }),
      AllOf(HasSubstr("none of the 2 checkpoints is whole"), HasSubstr("to start from"),
            HasSubstr("step-00000100.h5: is damaged"), HasSubstr("step-00000200.h5: is damaged")));
}

TEST(SetAsideAfter, AbandonedCheckpointsAreNotFoundAgainAndNotLost) {
  const TemporaryDirectory directory;
  WriteSteps(directory, {100, 200, 300});
  EXPECT_THAT(SetAsideAfter(directory.path(), 100),
              ElementsAre(directory / "step-00000200.h5", directory / "step-00000300.h5"));
  EXPECT_THAT(Steps(directory), ElementsAre(100));
  EXPECT_EQ(ReadCheckpoint(directory / "step-00000300.h5.set-aside"), SmallCheckpoint(300));
}

TEST(Prune, KeepsTheLastOnesAndTheBest) {
  const TemporaryDirectory directory;
  WriteSteps(directory, {100, 200, 300, 400, 500});
  Prune(directory.path(), 500, {.keep_last = 2, .keep_step = 200});
  EXPECT_THAT(Steps(directory), ElementsAre(200, 400, 500));
}

TEST(Prune, KeepsAllWhenThereAreFew) {
  const TemporaryDirectory directory;
  WriteSteps(directory, {100, 200});
  Prune(directory.path(), 200, {.keep_last = 3});
  EXPECT_THAT(Steps(directory), ElementsAre(100, 200));
}

TEST(Prune, NeverDeletesTheCheckpointJustWritten) {
  const TemporaryDirectory directory;
  WriteSteps(directory, {100, 150, 200});
  FlipLastBit(CheckpointPath(directory.path(), 200));  // skipped on the way to 100
  Prune(directory.path(), 150, {.keep_last = 1});
  EXPECT_THAT(Steps(directory), ElementsAre(150, 200));
}

TEST(Prune, DeletesWhatDeadWritersLeftAndNothingElse) {
  const TemporaryDirectory directory;
  WriteSteps(directory, {100});
  WriteRaw(directory / "step-00000200.h5.tmp-4711-0", "half");
  WriteRaw(directory / "my.tmp-file", "");
  Prune(directory.path(), 100, {});
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("my.tmp-file", "step-00000100.h5"));
}

TEST(Prune, MustKeepOne) {
  const TemporaryDirectory directory;
  EXPECT_THROW(Prune(directory.path(), 0, {.keep_last = 0}), std::logic_error);
}

}  // namespace
}  // namespace lockstep::storage
