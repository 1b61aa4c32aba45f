// Every system call of a save fails, is interrupted or is the process's last: the checkpoint
// directory must hold the old state or the new one afterwards. This program replaces libc's
// functions for itself.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <optional>

#include "storage/checkpoint_directory.h"
#include "storage/run_directory.h"
#include "tests/storage/test_files.h"

namespace {

enum class Fault { kNone, kFail, kShortWrite, kKill };

// What happens at the `at`-th replaced call from now on. Once: the next calls work again.
struct Plan {
  Fault fault = Fault::kNone;
  int at = 0;
  int error_number = 0;
  int calls = 0;
  int flock_error = 0;

  bool IsDue() {
    if (fault == Fault::kNone || ++calls != at) {
      return false;
    }
    if (fault == Fault::kKill) {
      raise(SIGKILL);
    }
    errno = error_number;
    return true;
  }
};

Plan plan;

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (plan.IsDue() && plan.fault == Fault::kFail) {
    return -1;
  }
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  if (plan.IsDue()) {
    if (plan.fault == Fault::kFail) {
      return -1;
    }
    size = std::min<size_t>(size, 7);
  }
  return syscall(SYS_write, descriptor, bytes, size);
}

int fsync(int descriptor) {
  if (plan.IsDue() && plan.fault == Fault::kFail) {
    return -1;
  }
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

int close(int descriptor) {
  const bool due = plan.IsDue() && plan.fault == Fault::kFail;
  const int error_number = errno;
  const int result = static_cast<int>(syscall(SYS_close, descriptor));
  errno = error_number;
  return due ? -1 : result;
}

int rename(const char* from, const char* to) noexcept {
  if (plan.IsDue() && plan.fault == Fault::kFail) {
    return -1;
  }
  return static_cast<int>(syscall(SYS_rename, from, to));
}

int flock(int descriptor, int operation) noexcept {
  if (plan.flock_error != 0) {
    errno = plan.flock_error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_flock, descriptor, operation));
}

}  // extern "C"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// open, write, fsync, close, rename, and open, fsync, close of the directory.
constexpr int kCallsOfOneSave = 8;

class SaveWithFaults : public testing::Test {
 protected:
  SaveWithFaults() {
    WriteCheckpoint(CheckpointPath(directory_.path(), 100), SmallCheckpoint(100));
  }
  ~SaveWithFaults() override { plan = {}; }

  // Saves step 200 with a fault at call number `at`. The error's text, if there was an error.
  std::optional<std::string> Save(Fault fault, int at, int error_number = 0) {
    const std::vector<std::byte> file = EncodeCheckpoint(SmallCheckpoint(200));
    std::optional<std::string> message;
    plan = {.fault = fault, .at = at, .error_number = error_number};
    try {
      WriteFileAtomically(CheckpointPath(directory_.path(), 200), file);
    } catch (const Error& error) {
      message = error.what();
    }
    calls_ = plan.calls;
    plan = {};
    return message;
  }

  int64_t NewestStep() const {
    const auto found = FindNewestWhole(directory_.path());
    EXPECT_TRUE(found && found->skipped.empty());
    return found->file.step;
  }

  void DeleteStep200() { std::filesystem::remove(CheckpointPath(directory_.path(), 200)); }

  TemporaryDirectory directory_;
  int calls_ = 0;
};

TEST_F(SaveWithFaults, WithoutAnyTakesEightCalls) {
  EXPECT_FALSE(Save(Fault::kFail, -1).has_value());
  EXPECT_EQ(calls_, kCallsOfOneSave);
  EXPECT_EQ(NewestStep(), 200);
}

TEST_F(SaveWithFaults, EachFailingCallIsReportedAndLeavesTheOldOrTheNewState) {
  for (const int error_number : {ENOSPC, EIO, EDQUOT}) {
    for (int at = 1; at <= kCallsOfOneSave; ++at) {
      const auto message = Save(Fault::kFail, at, error_number);
      const bool renamed = at > 5;
      if (at == kCallsOfOneSave) {
        EXPECT_FALSE(message.has_value()) << "closing the directory loses nothing";
      } else {
        ASSERT_TRUE(message.has_value()) << "call " << at;
        EXPECT_THAT(*message, AllOf(HasSubstr(directory_.path().string()),
                                    HasSubstr(strerror(error_number)), HasSubstr("; ")));
      }
      EXPECT_EQ(NewestStep(), renamed ? 200 : 100) << "call " << at;
      DeleteStep200();
      EXPECT_THAT(FileNames(directory_.path()), ElementsAre("step-00000100.h5"));
    }
  }
}

TEST_F(SaveWithFaults, AnInterruptedCallIsRepeated) {
  for (int at = 1; at <= kCallsOfOneSave; ++at) {
    if (at == 5) {
      continue;  // rename cannot be interrupted
    }
    EXPECT_FALSE(Save(Fault::kFail, at, EINTR).has_value()) << "call " << at;
    EXPECT_EQ(NewestStep(), 200);
    DeleteStep200();
  }
}

TEST_F(SaveWithFaults, AShortWriteIsContinued) {
  EXPECT_FALSE(Save(Fault::kShortWrite, 2).has_value());
  EXPECT_EQ(calls_, kCallsOfOneSave + 1);
  EXPECT_EQ(ReadCheckpoint(CheckpointPath(directory_.path(), 200)), SmallCheckpoint(200));
}

TEST_F(SaveWithFaults, KilledAtAnyCallLeavesTheOldOrTheNewState) {
  for (int at = 1; at <= kCallsOfOneSave; ++at) {
    const pid_t child = fork();
    if (child == 0) {
      Save(Fault::kKill, at);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "call " << at;
    EXPECT_EQ(NewestStep(), at > 5 ? 200 : 100) << "call " << at;
    DeleteStep200();
    Prune(directory_.path(), 100, {});
    EXPECT_THAT(FileNames(directory_.path()), ElementsAre("step-00000100.h5"));
  }
}

TEST(RunLockWithFaults, SaysThatTheFileSystemKnowsNoLocks) {
  const TemporaryDirectory directory;
  plan = {.flock_error = ENOSYS};
  EXPECT_THAT(
      ErrorOf([&] { RunLock{directory.path()}; }),
      AllOf(HasSubstr("/lock: cannot be locked: Function not implemented"),
            HasSubstr("choose an output directory on another one"), HasSubstr("Lustre: -o flock")));
  plan = {};
}

// Other clients of a network file system see what was flushed; the file itself stays open.
TEST(RunLockWithFaults, FlushesItsText) {
  const TemporaryDirectory directory;
  plan = {.fault = Fault::kFail, .at = 2, .error_number = EIO};  // behind the lock's own open
  EXPECT_THAT(ErrorOf([&] { RunLock{directory.path()}; }),
              HasSubstr("/lock: cannot be flushed to disk: Input/output error"));
  plan = {};
}

}  // namespace
}  // namespace lockstep::storage
