#include "storage/run_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <string>

#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

LockClaim Attempt(int64_t number) { return {.launch = "slurm-17", .attempt = number}; }

// Another process that holds the lock of a directory until it is killed.
class LockHolder {
 public:
  explicit LockHolder(const std::filesystem::path& directory, const LockClaim& claim = {}) {
    int ready[2];
    if (pipe(ready) != 0) {
      throw std::runtime_error("pipe failed");
    }
    pid_ = fork();
    if (pid_ == 0) {
      const RunLock lock(directory, claim);
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

// A read-only one, in effect: nobody may create files in /proc, root included.
TEST(RunLock, SaysThatItCannotBeWritten) {
  EXPECT_THAT(ErrorOf([] { RunLock("/proc/self"); }),
              HasSubstr("/proc/self/lock: cannot be opened for writing"));
}

TEST(RunLock, SaysWhoHoldsIt) {
  const TemporaryDirectory directory;
  const RunLock lock(directory.path());
  EXPECT_THAT(ReadText(directory / "lock"),
              MatchesRegex("process [0-9]+ on [^ ]+, started "
                           "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\n"
                           "token [0-9a-f]{16}\n"));
  EXPECT_EQ(ReadLockText(directory.path()), lock.text());
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

TEST(RunLock, SaysWhichAttemptHoldsIt) {
  const TemporaryDirectory directory;
  const RunLock lock(directory.path(), Attempt(2));
  EXPECT_THAT(ReadText(directory / "lock"), HasSubstr("Z\nattempt 2 of launch slurm-17\ntoken "));
  EXPECT_THAT(ErrorOf([&] { RunLock{directory.path()}; }),
              HasSubstr(": is in use by attempt 2 of launch slurm-17 (process " +
                        std::to_string(getpid())));
}

TEST(RunLock, IsTakenFromAnEarlierAttemptOfTheSameLaunchThatLives) {
  const TemporaryDirectory directory;
  const LockHolder holder(directory.path(), Attempt(1));
  RunLock second(directory.path(), Attempt(2));
  EXPECT_NO_THROW(second.Check());
  EXPECT_THAT(FileNames(directory.path()), ElementsAre("lock"));
  EXPECT_THAT(ErrorOf([&] { RunLock{directory.path()}; }), HasSubstr("is in use by attempt 2"));
}

TEST(RunLock, TellsItsFormerHolderWhoHasIt) {
  const TemporaryDirectory directory;
  RunLock first(directory.path(), Attempt(1));
  EXPECT_NO_THROW(first.Check());
  const LockHolder taker(directory.path(), Attempt(3));
  EXPECT_THAT(ErrorOf([&] { first.Check(); }),
              AllOf(HasSubstr(directory.path().string() +
                              ": was taken over by attempt 3 of launch slurm-17 (process " +
                              std::to_string(taker.pid()) + " on "),
                    HasSubstr("this process leaves it as it is from now on, and ends")));
}

TEST(RunLock, StaysTakenWhenTheTakerHasEnded) {
  const TemporaryDirectory directory;
  RunLock first(directory.path(), Attempt(1));
  { const RunLock second(directory.path(), Attempt(2)); }
  EXPECT_THROW(first.Check(), TakenOver);
}

TEST(RunLock, IsNotTakenByTheSameOrAnEarlierAttempt) {
  const TemporaryDirectory directory;
  const RunLock second(directory.path(), Attempt(2));
  for (const int64_t number : {1, 2}) {
    EXPECT_THAT(ErrorOf([&] { RunLock(directory.path(), Attempt(number)); }),
                AllOf(HasSubstr("is in use by attempt 2 of launch slurm-17"),
                      HasSubstr("this is attempt " + std::to_string(number) +
                                ", and only a later one takes over")));
  }
}

TEST(RunLock, IsNotTakenByAnotherLaunchNorWithoutOne) {
  const TemporaryDirectory directory;
  const RunLock second(directory.path(), Attempt(2));
  for (const LockClaim& claim : {LockClaim{.launch = "slurm-18", .attempt = 3}, LockClaim{},
                                 LockClaim{.launch = "slurm-1", .attempt = 3}}) {
    EXPECT_THAT(ErrorOf([&] { RunLock(directory.path(), claim); }),
                HasSubstr("wait until it ends or stop it"));
  }
}

TEST(RunLock, IsNotTakenFromAHolderThatIsOfNoLaunch) {
  const TemporaryDirectory directory;
  const RunLock lock(directory.path());
  EXPECT_THAT(ErrorOf([&] { RunLock(directory.path(), Attempt(9)); }), HasSubstr("is in use by"));
}

// Both believed for a moment that it was theirs to take: the later one gets it back.
TEST(RunLock, GoesBackToTheLaterAttemptWhereAnEarlierOneCameTooLate) {
  const TemporaryDirectory directory;
  RunLock third(directory.path(), Attempt(3));
  std::filesystem::remove(directory / "lock");
  RunLock second(directory.path(), Attempt(2));
  EXPECT_NO_THROW(third.Check());
  EXPECT_THROW(second.Check(), TakenOver);
}

TEST(RunLock, IsPutBackWhereSomebodyDeletedIt) {
  const TemporaryDirectory directory;
  RunLock lock(directory.path());
  std::filesystem::remove(directory / "lock");
  EXPECT_NO_THROW(lock.Check());
  EXPECT_THAT(ErrorOf([&] { RunLock{directory.path()}; }), HasSubstr("is in use by process"));
}

TEST(RunLock, IsLostWhereSomebodyDeletedItAndAnotherRunBegan) {
  const TemporaryDirectory directory;
  RunLock first(directory.path());
  std::filesystem::remove(directory / "lock");
  RunLock second(directory.path());
  EXPECT_NO_THROW(second.Check());
  EXPECT_THAT(ErrorOf([&] { first.Check(); }), HasSubstr("was taken over by process"));
}

// Nobody has taken it: a file server may answer again.
TEST(RunLock, ThatCannotBeReadIsNotTakenForLost) {
  const TemporaryDirectory directory;
  RunLock lock(directory.path());
  std::filesystem::remove(directory / "lock");
  std::filesystem::create_directory(directory / "lock");
  try {
    lock.Check();
    FAIL() << "it was read";
  } catch (const TakenOver& error) {
    FAIL() << error.what();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("lock: cannot be read: Is a directory"));
  }
}

TEST(RunLock, OfAnOlderVersionIsRespected) {
  const TemporaryDirectory directory;
  const LockHolder holder(directory.path());
  WriteRaw(directory / "lock", "process 12 on node7, started 2024-05-01T12:00:00Z\n");
  EXPECT_THAT(ErrorOf([&] { RunLock(directory.path(), Attempt(2)); }),
              HasSubstr("is in use by process 12 on node7, started 2024-05-01T12:00:00Z; wait"));
}

TEST(RunLock, ThatSaysNothingSensibleIsRespected) {
  const TemporaryDirectory directory;
  for (const char* text :
       {"", "\n\n", "x", "p\nattempt 1 of launch \n", "p\nattempt one of launch slurm-17\n",
        "p\nattempt 1 of lunch slurm-17\n"}) {
    const LockHolder holder(directory.path());
    WriteRaw(directory / "lock", text);
    EXPECT_THAT(ErrorOf([&] { RunLock(directory.path(), Attempt(2)); }), HasSubstr("is in use by"));
  }
}

}  // namespace
}  // namespace lockstep::storage
