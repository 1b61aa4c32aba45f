#include "storage/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "storage/error.h"
#include "storage/file_descriptor.h"

namespace lockstep::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryMark = ".tmp-";

// Whether `name` is one that TemporaryFile gives: NAME.tmp-PID-ATTEMPT.
bool IsTemporary(std::string_view name) {
  const size_t mark = name.rfind(kTemporaryMark);
  if (mark == std::string_view::npos || mark == 0) {
    return false;
  }
  const std::string_view suffix = name.substr(mark + kTemporaryMark.size());
  const size_t dash = suffix.find('-');
  const auto all_digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return dash != std::string_view::npos && all_digits(suffix.substr(0, dash)) &&
         all_digits(suffix.substr(dash + 1));
}

// Calls `function` again for as long as a signal interrupts it.
template <typename Function>
auto RetryIfInterrupted(Function function) {
  auto result = function();
  while (result < 0 && errno == EINTR) {
    result = function();
  }
  return result;
}

// A file that deletes itself unless renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& target) : target_(target) {
    // A dead process may have left a file of this name, or one on another host may be writing it.
    constexpr int kAttempts = 1000;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      path_ = fmt::format("{}{}{}-{}", target.string(), kTemporaryMark, getpid(), attempt);
      descriptor_ = FileDescriptor(RetryIfInterrupted(
          [this] { return open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); }));
      if (descriptor_.IsOpen()) {
        return;
      }
      if (errno != EEXIST) {
        break;
      }
    }
    throw SystemError(target_, "be created", errno);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!renamed_) {
      unlink(path_.c_str());
    }
  }

  void Write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written =
          RetryIfInterrupted([&] { return write(descriptor_.get(), bytes.data(), bytes.size()); });
      if (written < 0) {
        throw SystemError(target_, "be written", errno);
      }
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
  }

  void SyncAndClose() {
    if (RetryIfInterrupted([this] { return fsync(descriptor_.get()); }) != 0) {
      throw SystemError(target_, "be flushed to disk", errno);
    }
    // Network file systems report a full quota as late as this. Linux has closed the descriptor
    // even if a signal interrupts the call.
    if (close(descriptor_.Release()) != 0 && errno != EINTR) {
      throw SystemError(target_, "be written", errno);
    }
  }

  void RenameToTarget() {
    if (rename(path_.c_str(), target_.c_str()) != 0) {
      throw SystemError(target_, "be replaced", errno);
    }
    renamed_ = true;
  }

 private:
  fs::path target_;
  std::string path_;
  FileDescriptor descriptor_;
  bool renamed_ = false;
};

}  // namespace

void SyncDirectory(const fs::path& directory) {
  const FileDescriptor descriptor(RetryIfInterrupted(
      [&] { return open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!descriptor.IsOpen()) {
    throw SystemError(directory, "be opened", errno);
  }
  // EINVAL: a file system that keeps no order to be forced.
  if (RetryIfInterrupted([&] { return fsync(descriptor.get()); }) != 0 && errno != EINVAL) {
    throw SystemError(directory, "be flushed to disk", errno);
  }
}

void WriteFileAtomically(const fs::path& path, std::span<const std::byte> bytes) {
  TemporaryFile file(path);
  file.Write(bytes);
  file.SyncAndClose();
  file.RenameToTarget();
  SyncDirectory(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void WriteFileAtomically(const fs::path& path, std::string_view text) {
  WriteFileAtomically(path, std::as_bytes(std::span(text)));
}

void CheckWritable(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw SystemError(path, "be replaced", EISDIR);
  }
  const TemporaryFile trial(path);
}

void RemoveStaleTemporaries(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> stale;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (IsTemporary(entry->path().filename().string())) {
      stale.push_back(entry->path());
    }
  }
  if (error) {
    throw SystemError(directory, "be listed", error.value());
  }
  for (const fs::path& path : stale) {
    if (!fs::remove(path, error) && error) {
      throw SystemError(path, "be deleted", error.value());
    }
  }
}

std::vector<std::byte> ReadFile(const fs::path& path, uint64_t limit) {
  // O_NONBLOCK: a pipe is refused below instead of waited for.
  const FileDescriptor descriptor(
      RetryIfInterrupted([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  struct stat status = {};
  if (!descriptor.IsOpen() || fstat(descriptor.get(), &status) != 0) {
    throw SystemError(path, "be read", errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(fmt::format("{}: is {}", path.string(),
                            S_ISDIR(status.st_mode) ? "a directory; give the path of a file in it"
                                                    : "not a regular file; give the path of one"));
  }
  std::vector<std::byte> bytes(std::min(limit, static_cast<uint64_t>(status.st_size)));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = RetryIfInterrupted(
        [&] { return read(descriptor.get(), bytes.data() + done, bytes.size() - done); });
    if (count < 0) {
      throw SystemError(path, "be read", errno);
    }
    if (count == 0) {
      break;  // somebody has cut the file off meanwhile
    }
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace lockstep::storage
