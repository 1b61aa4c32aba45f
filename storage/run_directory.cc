#include "storage/run_directory.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "storage/error.h"

namespace lockstep::storage {
namespace {

namespace fs = std::filesystem;

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

RunDirectory::RunDirectory(fs::path path, LockClaim claim)
    : path_(Create(std::move(path))), lock_(path_, std::move(claim)) {
  RemoveStaleTemporaries(path_);
  RemoveStaleTemporaries(Create(Checkpoints()));
}

// First before much is written in vain, then at the last moment: what a process may yet do when it
// is held up right after that is harmless (run_lock.md).
WriteOptions RunDirectory::Checked() {
  lock_.Check();
  return {.before_rename = [this] { lock_.Check(); }};
}

void RunDirectory::WriteJob(std::string_view text) { WriteFileAtomically(Job(), text, Checked()); }

void RunDirectory::WriteMetrics(const storage::Metrics& metrics) {
  storage::WriteMetrics(Metrics(), metrics, Checked());
}

void RunDirectory::WriteCheckpoint(int64_t step, const Checkpoint& checkpoint) {
  storage::WriteCheckpoint(CheckpointPath(Checkpoints(), step), checkpoint, Checked());
}

void RunDirectory::WriteStatus(std::string_view text) {
  WriteOptions options = Checked();
  options.survives_power_cut = false;
  WriteFileAtomically(Status(), text, options);
}

std::vector<fs::path> RunDirectory::SetAsideAfter(int64_t step) {
  lock_.Check();
  return storage::SetAsideAfter(Checkpoints(), step);
}

void RunDirectory::Prune(int64_t committed_step, const Retention& retention) {
  lock_.Check();
  storage::Prune(Checkpoints(), committed_step, retention);
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
