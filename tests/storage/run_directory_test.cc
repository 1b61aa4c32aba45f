#include "storage/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(RunDirectory, IsCreatedWithItsParents) {
  const TemporaryDirectory directory;
  const RunDirectory run(directory.path() / "runs" / "lenet");
  EXPECT_TRUE(std::filesystem::is_directory(run.Checkpoints()));
  EXPECT_EQ(run.Checkpoints(), directory.path() / "runs" / "lenet" / "checkpoints");
  EXPECT_EQ(run.Metrics().filename(), "metrics.h5");
  EXPECT_EQ(run.Job().filename(), "job.textproto");
}

TEST(RunDirectory, MayExistAndKeepsWhatIsThere) {
  const TemporaryDirectory directory;
  { const RunDirectory run(directory / "run"); }
  WriteRaw(directory.path() / "run" / "metrics.h5", "x");
  const RunDirectory run(directory / "run");
  EXPECT_EQ(ReadText(run.Metrics()), "x");
}

TEST(RunDirectory, DeletesWhatDeadWritersLeft) {
  const TemporaryDirectory directory;
  { const RunDirectory run(directory / "run"); }
  WriteRaw(directory.path() / "run" / "metrics.h5.tmp-1-0", "half");
  WriteRaw(directory.path() / "run" / "checkpoints" / "step-00000001.h5.tmp-1-0", "half");
  const RunDirectory run(directory / "run");
  EXPECT_THAT(FileNames(run.path()), ElementsAre("checkpoints", "lock"));
  EXPECT_THAT(FileNames(run.Checkpoints()), ElementsAre());
}

// What was there is left alone by each write of a process whose lock is another's.
TEST(RunDirectory, WritesNothingOnceALaterAttemptHasTakenItOver) {
  const TemporaryDirectory directory;
  RunDirectory first(directory / "run", {.launch = "slurm-17", .attempt = 1});
  first.WriteCheckpoint(8, SmallCheckpoint(8));
  RunDirectory second(directory / "run", {.launch = "slurm-17", .attempt = 2});
  second.WriteJob("job of the second");
  const auto names = FileNames(second.path());
  for (const std::function<void()>& write : std::vector<std::function<void()>>{
           [&] { first.WriteJob("job of the first"); }, [&] { first.WriteMetrics({}); },
           [&] { first.WriteStatus("{}"); }, [&] { first.SetAsideAfter(0); },
           [&] { first.WriteCheckpoint(9, SmallCheckpoint(9)); }, [&] { first.Prune(9, {}); }}) {
    EXPECT_THROW(write(), TakenOver);
  }
  EXPECT_EQ(FileNames(second.path()), names);
  EXPECT_EQ(ReadText(second.Job()), "job of the second");
  EXPECT_THAT(FileNames(second.Checkpoints()), ElementsAre("step-00000008.h5"));
  EXPECT_NO_THROW(second.WriteStatus("{}"));
}

TEST(RunDirectory, SaysThatItCannotBeCreated) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "file", "");
  EXPECT_THAT(ErrorOf([&] { RunDirectory(directory.path() / "file" / "run"); }),
              AllOf(HasSubstr("file/run: cannot be created: Not a directory"),
                    HasSubstr("check the path")));
  EXPECT_THAT(ErrorOf([] { RunDirectory("/proc/lockstep"); }),
              HasSubstr("/proc/lockstep: cannot be created: No such file or directory"));
}

TEST(CheckFreeSpace, ComparesWithWhatIsThere) {
  const TemporaryDirectory directory;
  EXPECT_NO_THROW(CheckFreeSpace(directory.path(), 0));
  EXPECT_THAT(ErrorOf([&] { CheckFreeSpace(directory.path(), uint64_t{1} << 62); }),
              AllOf(HasSubstr(directory.path().string() + ": 4398046511104.0 MiB are needed and "),
                    HasSubstr(" MiB are free; free some space")));
}

TEST(CheckFreeSpace, SaysThatTheDirectoryIsMissing) {
  EXPECT_THAT(ErrorOf([] { CheckFreeSpace("/nowhere", 1); }),
              HasSubstr("/nowhere: cannot be asked for its free space: No such file"));
}

}  // namespace
}  // namespace lockstep::storage
