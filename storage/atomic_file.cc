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
#include "storage/interrupted.h"
#include "storage/temporary_file.h"

namespace lockstep::storage {
namespace {

namespace fs = std::filesystem;

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

void WriteFileAtomically(const fs::path& path, std::span<const std::byte> bytes,
                         const WriteOptions& options) {
  TemporaryFile file(path);
  file.Write(bytes);
  if (options.survives_power_cut) {
    file.Sync();
  }
  file.Close();
  if (options.before_rename) {
    options.before_rename();
  }
  file.RenameToTarget();
  if (options.survives_power_cut) {
    SyncDirectory(path.has_parent_path() ? path.parent_path() : fs::path("."));
  }
}

void WriteFileAtomically(const fs::path& path, std::string_view text, const WriteOptions& options) {
  WriteFileAtomically(path, std::as_bytes(std::span(text)), options);
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
    if (IsTemporaryName(entry->path().filename().string())) {
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
