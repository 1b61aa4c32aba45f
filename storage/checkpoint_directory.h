#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/checkpoint.h"

namespace lockstep::storage {

// A directory of checkpoints, one file a step: step-00001200.h5. One process writes there at a time
// (see RunLock); anybody may read. Everything throws Error when the directory cannot be used.

struct CheckpointFile {
  std::filesystem::path path;
  int64_t step = 0;
};

// The file for `step` in `directory`. REQUIRES step >= 0.
std::filesystem::path CheckpointPath(const std::filesystem::path& directory, int64_t step);

// All of them, whole or not, by ascending step. None if there is no such directory.
std::vector<CheckpointFile> ListCheckpoints(const std::filesystem::path& directory);

struct SkippedCheckpoint {
  std::filesystem::path path;
  std::string reason;
};

struct FoundCheckpoint {
  CheckpointFile file;
  Checkpoint checkpoint;
  std::vector<SkippedCheckpoint> skipped;  // the newer ones that were not whole, newest first
};

// Walks back from the newest checkpoint to the newest one that is whole. Nothing if there are no
// checkpoints at all; throws Error with all reasons if there are some and none is whole.
std::optional<FoundCheckpoint> FindNewestWhole(const std::filesystem::path& directory);

// Renames all checkpoints after `step`, to step-00001300.h5.set-aside: a run that goes on from
// `step` must not find the ones of an abandoned past again, nor those that FindNewestWhole skipped.
// Nothing here reads or deletes what was set aside. Returns the old paths.
std::vector<std::filesystem::path> SetAsideAfter(const std::filesystem::path& directory,
                                                 int64_t step);

struct Retention {
  int64_t keep_last = 3;                            // at least 1
  std::optional<int64_t> keep_step = std::nullopt;  // the best one so far
};

// Deletes old checkpoints, and what dead writers left. To be called after the checkpoint of
// `committed_step` was written: it, the keep_last - 1 before it, any after it and the one of
// keep_step stay.
void Prune(const std::filesystem::path& directory, int64_t committed_step,
           const Retention& retention);

}  // namespace lockstep::storage
