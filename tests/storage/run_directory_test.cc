#include "storage/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

// Another process that holds the lock of a directory until it is killed.
class LockHolder {
 public:
  explicit LockHolder(const std::filesystem::path& directory) {
    int ready[2];
    if (pipe(ready) != 0) {
      throw std::runtime_error("pipe failed");
    }
    pid_ = fork();
    if (pid_ == 0) {
      const RunLock lock(directory);
      if (write(ready[1], "x", 1) == 1) {
        pause();
      }
      _exit(1);
    }
    close(ready[1]);
    char byte = 0;
    const bool locked = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    if (!locked) {
      throw std::runtime_error("the child did not get the lock");
    }
  }
  LockHolder(const LockHolder&) = delete;
  LockHolder& operator=(const LockHolder&) = delete;
  ~LockHolder() { Kill(); }

  void Kill() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      pid_ = -1;
    }
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

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

TEST(RunDirectory, SaysThatItCannotBeCreated) {
  const TemporaryDirectory directory;
  WriteRaw(directory / "file", "");
  EXPECT_THAT(ErrorOf([&] { RunDirectory(directory.path() / "file" / "run"); }),
              AllOf(HasSubstr("file/run: cannot be created: Not a directory"),
                    HasSubstr("check the path")));
  EXPECT_THAT(ErrorOf([] { RunDirectory("/proc/lockstep"); }),
              HasSubstr("/proc/lockstep: cannot be created: No such file or directory"));
}

// A read-only one, in effect: nobody may create files in /proc, root included.
TEST(RunDirectory, SaysThatItCannotBeWritten) {
  EXPECT_THAT(ErrorOf([] { RunLock("/proc/self"); }),
              HasSubstr("/proc/self/lock: cannot be opened for writing"));
}

TEST(RunLock, SaysWhoHoldsIt) {
  const TemporaryDirectory directory;
  const RunLock lock(directory.path());
  EXPECT_THAT(ReadText(directory / "lock"),
              MatchesRegex("process [0-9]+ on [^ ]+, started "
                           "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\n"));
}

TEST(RunLock, RefusesASecondProcessAndNamesTheFirst) {
  const TemporaryDirectory directory;
  const LockHolder holder(directory.path());
  EXPECT_THAT(
      ErrorOf([&] { RunLock{directory.path()}; }),
      AllOf(HasSubstr(directory.path().string() + ": is in use by process " +
                      std::to_string(holder.pid()) + " on "),
            HasSubstr(", started "), HasSubstr("wait until it ends or stop it, or give this run")));
}

TEST(RunLock, RefusesASecondHolderInTheSameProcess) {
  const TemporaryDirectory directory;
  const RunLock lock(directory.path());
  EXPECT_THAT(ErrorOf([&] { RunLock{directory.path()}; }), HasSubstr("is in use by process"));
}

TEST(RunLock, IsReleasedWhenItsHolderIsKilled) {
  const TemporaryDirectory directory;
  LockHolder holder(directory.path());
  holder.Kill();
  EXPECT_NO_THROW(RunLock{directory.path()});
}

TEST(RunLock, IsReleasedAtItsEnd) {
  const TemporaryDirectory directory;
  { const RunLock lock(directory.path()); }
  EXPECT_NO_THROW(RunLock{directory.path()});
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
