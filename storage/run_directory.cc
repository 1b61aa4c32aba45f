#include "storage/run_directory.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#include "storage/atomic_file.h"
#include "storage/error.h"

namespace lockstep::storage {
namespace {

namespace fs = std::filesystem;

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "an unknown host";
}

// "process 1234 on node7, started 2024-05-01T12:00:00Z"
std::string Holder() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("process {} on {}, started {:%FT%TZ}", getpid(), HostName(), fmt::gmtime(now));
}

std::string ReadHolder(int descriptor) {
  std::array<char, 512> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  std::string holder(text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
  while (holder.ends_with('\n')) {
    holder.pop_back();
  }
  return holder.empty() ? "another process" : holder;
}

void WriteHolder(int descriptor, const fs::path& path) {
  const std::string text = Holder() + "\n";
  if (ftruncate(descriptor, 0) != 0 ||
      pwrite(descriptor, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    throw SystemError(path, "be written", errno);
  }
}

// Creates the directory and its parents, and makes them last.
fs::path Create(fs::path directory) {
  std::vector<fs::path> missing;
  std::error_code error;
  for (fs::path path = directory; !path.empty() && !fs::exists(path, error);
       path = path.parent_path()) {
    missing.push_back(path);
  }
  fs::create_directories(directory, error);
  if (error) {
    throw SystemError(directory, "be created", error.value());
  }
  for (const fs::path& path : missing) {
    SyncDirectory(path.has_parent_path() ? path.parent_path() : fs::path("."));
  }
  return directory;
}

}  // namespace

RunLock::RunLock(const fs::path& directory) {
  const fs::path path = directory / "lock";
  file_ = FileDescriptor(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file_.IsOpen()) {
    throw SystemError(path, "be opened for writing", errno);
  }
  if (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    const int error_number = errno;
    if (error_number == EWOULDBLOCK) {
      throw Error(
          fmt::format("{}: is in use by {}; wait until it ends or stop it, or give this "
                      "run another name or output directory",
                      directory.string(), ReadHolder(file_.get())));
    }
    throw Error(
        fmt::format("{}: cannot be locked: {}; the file system must support flock, so "
                    "choose an output directory on another one, or have it mounted with "
                    "locks (Lustre: -o flock)",
                    path.string(), std::generic_category().message(error_number)));
  }
  WriteHolder(file_.get(), path);
}

RunDirectory::RunDirectory(fs::path path) : path_(Create(std::move(path))), lock_(path_) {
  RemoveStaleTemporaries(path_);
  RemoveStaleTemporaries(Create(Checkpoints()));
}

void CheckFreeSpace(const fs::path& directory, uint64_t bytes) {
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  if (error) {
    throw SystemError(directory, "be asked for its free space", error.value());
  }
  if (space.available < bytes) {
    constexpr double kMiB = 1 << 20;
    throw Error(
        fmt::format("{}: {:.1f} MiB are needed and {:.1f} MiB are free; free some space or "
                    "choose an output directory on another disk",
                    directory.string(), static_cast<double>(bytes) / kMiB,
                    static_cast<double>(space.available) / kMiB));
  }
}

}  // namespace lockstep::storage
