#include "storage/run_lock.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>

#include "storage/atomic_file.h"
#include "storage/error.h"
#include "storage/interrupted.h"
#include "storage/temporary_file.h"

namespace lockstep::storage {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLongestText = 4096;
constexpr std::string_view kAttempt = "attempt ";
constexpr std::string_view kOfLaunch = " of launch ";

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "an unknown host";
}

// Three lines, the second one only where there is a launch:
//   process 1234 on node7, started 2024-05-01T12:00:00Z
//   attempt 2 of launch slurm-17
//   token 0123456789abcdef
std::string Describe(const LockClaim& claim) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::string text =
      fmt::format("process {} on {}, started {:%FT%TZ}\n", getpid(), HostName(), fmt::gmtime(now));
  if (!claim.launch.empty()) {
    text += fmt::format("{}{}{}{}\n", kAttempt, claim.attempt, kOfLaunch, claim.launch);
  }
  std::random_device random;
  return text + fmt::format("token {:08x}{:08x}\n", random(), random());
}

// What a lock's text says.
struct Holder {
  std::string process = "another process";  // "process 1234 on node7, started ..."
  LockClaim claim{};

  // For messages.
  std::string Text() const {
    return claim.launch.empty() ? process
                                : fmt::format("{}{}{}{} ({})", kAttempt, claim.attempt, kOfLaunch,
                                              claim.launch, process);
  }
};

// "attempt 2 of launch slurm-17"
std::optional<LockClaim> ParseClaim(std::string_view line) {
  const size_t middle = line.find(kOfLaunch);
  if (!line.starts_with(kAttempt) || middle == std::string_view::npos) {
    return std::nullopt;
  }
  LockClaim claim{.launch = std::string(line.substr(middle + kOfLaunch.size()))};
  const std::string_view number = line.substr(kAttempt.size(), middle - kAttempt.size());
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), claim.attempt);
  const bool is_number = error == std::errc() && end == number.data() + number.size();
  return is_number && !claim.launch.empty() ? std::optional(claim) : std::nullopt;
}

Holder ParseHolder(std::string_view text) {
  Holder holder;
  for (bool first = true; !text.empty(); first = false) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (first && !line.empty()) {
      holder.process = line;
    } else if (const auto claim = ParseClaim(line)) {
      holder.claim = *claim;
    }
  }
  return holder;
}

std::string ReadText(int descriptor, const fs::path& path) {
  std::array<char, kLongestText> text{};
  const ssize_t size =
      RetryIfInterrupted([&] { return pread(descriptor, text.data(), text.size(), 0); });
  if (size < 0) {
    throw SystemError(path, "be read", errno);
  }
  return {text.data(), static_cast<size_t>(size)};
}

// Nothing if there is no such file. Opening it anew, where a mere stat could answer from what a
// client of a network file system remembers.
std::optional<std::string> ReadTextAt(const fs::path& path) {
  const FileDescriptor file(
      RetryIfInterrupted([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (file.IsOpen()) {
    return ReadText(file.get(), path);
  }
  if (errno != ENOENT) {
    throw SystemError(path, "be read", errno);
  }
  return std::nullopt;
}

// False if another process holds the lock.
bool TryLock(int descriptor, const fs::path& path) {
  if (RetryIfInterrupted([&] { return flock(descriptor, LOCK_EX | LOCK_NB); }) == 0) {
    return true;
  }
  const int error_number = errno;
  if (error_number != EWOULDBLOCK) {
    throw Error(
        fmt::format("{}: cannot be locked: {}; the file system must support flock, so "
                    "choose an output directory on another one, or have it mounted with "
                    "locks (Lustre: -o flock)",
                    path.string(), std::generic_category().message(error_number)));
  }
  return false;
}

bool MayTakeFrom(const LockClaim& own, const LockClaim& other) {
  return !own.launch.empty() && own.launch == other.launch && own.attempt > other.attempt;
}

[[noreturn]] void Refuse(const fs::path& directory, const LockClaim& own, const Holder& holder) {
  const bool same_launch = !own.launch.empty() && own.launch == holder.claim.launch;
  throw Error(fmt::format(
      "{}: is in use by {}; {}", directory.string(), holder.Text(),
      same_launch
          ? fmt::format("this is attempt {}, and only a later one takes over", own.attempt)
          : "wait until it ends or stop it, or give this run another name or output directory"));
}

}  // namespace

RunLock::RunLock(const fs::path& directory, LockClaim claim)
    : path_(directory / "lock"), claim_(std::move(claim)), text_(Describe(claim_)) {
  // Each time that this fails, another process has put a file of its own in place meanwhile.
  constexpr int kTries = 100;
  for (int tries = 0; tries < kTries; ++tries) {
    if (Acquire(directory)) {
      return;
    }
  }
  throw Error(
      fmt::format("{}: changes hands all the time; start one run at a time here", path_.string()));
}

// False if the file that was locked is not the one in place any more.
bool RunLock::Acquire(const fs::path& directory) {
  file_ = FileDescriptor(RetryIfInterrupted(
      [this] { return open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666); }));
  if (!file_.IsOpen()) {
    throw SystemError(path_, "be opened for writing", errno);
  }
  if (!TryLock(file_.get(), path_)) {
    const Holder holder = ParseHolder(ReadText(file_.get(), path_));
    if (!MayTakeFrom(claim_, holder.claim)) {
      Refuse(directory, claim_, holder);
    }
    PutInPlace();
  } else {
    Rewrite();
  }
  return ReadTextAt(path_) == text_;
}

// It stays open. What is written to an open file, a client of a network file system shows to others
// when it likes; or when it is flushed.
void RunLock::Rewrite() {
  if (ftruncate(file_.get(), 0) != 0 ||
      pwrite(file_.get(), text_.data(), text_.size(), 0) != static_cast<ssize_t>(text_.size())) {
    throw SystemError(path_, "be written", errno);
  }
  if (RetryIfInterrupted([this] { return fsync(file_.get()); }) != 0) {
    throw SystemError(path_, "be flushed to disk", errno);
  }
}

// A new file, locked from its beginning, in place of the one that another process may still lock.
void RunLock::PutInPlace() {
  TemporaryFile file(path_);
  TryLock(file.descriptor(), path_);
  file.Write(std::as_bytes(std::span(text_)));
  file.Sync();
  file.RenameToTarget();
  file_ = file.TakeDescriptor();
}

void RunLock::Check() {
  constexpr int kTries = 3;  // one is enough, unless others do the same right now
  Holder holder;
  for (int tries = 0; tries < kTries; ++tries) {
    const std::optional<std::string> text = ReadTextAt(path_);
    if (text == text_) {
      return;
    }
    if (text) {
      holder = ParseHolder(*text);
      if (!MayTakeFrom(claim_, holder.claim)) {
        break;
      }
    }
    PutInPlace();
  }
  throw TakenOver(
      fmt::format("{}: was taken over by {}; this process leaves it as it is from now on, and ends",
                  path_.parent_path().string(), holder.Text()));
}

std::string ReadLockText(const fs::path& directory) {
  const std::vector<std::byte> bytes = ReadFile(directory / "lock", kLongestText);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace lockstep::storage
