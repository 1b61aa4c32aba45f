#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "storage/atomic_file.h"
#include "storage/checkpoint.h"
#include "storage/checkpoint_directory.h"
#include "storage/metrics_file.h"
#include "storage/run_lock.h"

namespace lockstep::storage {

// The directory of one run, locked. What the run keeps there goes through this object, so that
// nothing is written once the lock is another's.
class RunDirectory {
 public:
  // Creates `path` and its `checkpoints` as needed, locks it and deletes the temporary files of
  // dead writers. Throws Error.
  explicit RunDirectory(std::filesystem::path path, LockClaim claim = {});

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path Checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path Metrics() const { return path_ / "metrics.h5"; }
  std::filesystem::path Job() const { return path_ / "job.textproto"; }
  std::filesystem::path Status() const { return path_ / "status.json"; }
  const RunLock& lock() const { return lock_; }

  // The writes of a run. All throw Error, and TakenOver before anything is changed.
  void WriteJob(std::string_view text);
  void WriteMetrics(const storage::Metrics& metrics);
  void WriteCheckpoint(int64_t step, const Checkpoint& checkpoint);
  // Readers see the old text or the new one; it need not outlive a power cut.
  void WriteStatus(std::string_view text);
  // See checkpoint_directory.h.
  std::vector<std::filesystem::path> SetAsideAfter(int64_t step);
  void Prune(int64_t committed_step, const Retention& retention);

 private:
  // For WriteFileAtomically.
  WriteOptions Checked();

  std::filesystem::path path_;
  RunLock lock_;
};

// Throws Error unless the disk that holds `directory` has room for `bytes` more.
void CheckFreeSpace(const std::filesystem::path& directory, uint64_t bytes);

}  // namespace lockstep::storage
