#pragma once

#include <cstdint>
#include <filesystem>

#include "storage/file_descriptor.h"

namespace lockstep::storage {

// Exclusive use of a directory for as long as this object or its process lives: the kernel releases
// the lock of a dead process. Holds among all processes of a host, and among hosts where the file
// system carries flock between them. The file `lock` in the directory says which process on which
// host holds it since when, and stays behind.
class RunLock {
 public:
  // Throws Error that names the live holder, or says that the file system knows no locks.
  explicit RunLock(const std::filesystem::path& directory);

 private:
  FileDescriptor file_;
};

// The directory of one run, locked: nobody else writes there meanwhile.
class RunDirectory {
 public:
  // Creates `path` and its `checkpoints` as needed, locks it and deletes the temporary files of
  // dead writers. Throws Error.
  explicit RunDirectory(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path Checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path Metrics() const { return path_ / "metrics.h5"; }
  std::filesystem::path Job() const { return path_ / "job.textproto"; }

 private:
  std::filesystem::path path_;
  RunLock lock_;
};

// Throws Error unless the disk that holds `directory` has room for `bytes` more.
void CheckFreeSpace(const std::filesystem::path& directory, uint64_t bytes);

}  // namespace lockstep::storage
