#include "storage/checkpoint_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <system_error>

#include "storage/atomic_file.h"
#include "storage/error.h"

namespace lockstep::storage {
namespace {

namespace fs = std::filesystem;

std::string FileName(int64_t step) { return fmt::format("step-{:08}.h5", step); }

// The step that FileName put into `name`; nothing for any other name.
std::optional<int64_t> StepOf(std::string_view name) {
  constexpr std::string_view kPrefix = "step-";
  int64_t step = 0;
  if (!name.starts_with(kPrefix)) {
    return std::nullopt;
  }
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), step);
  return step >= 0 && FileName(step) == name ? std::optional(step) : std::nullopt;
}

void Remove(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) {
    throw SystemError(path, "be deleted", error.value());
  }
}

}  // namespace

fs::path CheckpointPath(const fs::path& directory, int64_t step) {
  return directory / FileName(step);
}

std::vector<CheckpointFile> ListCheckpoints(const fs::path& directory) {
  std::vector<CheckpointFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (const auto step = StepOf(entry->path().filename().string())) {
      files.push_back({.path = entry->path(), .step = *step});
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw SystemError(directory, "be listed", error.value());
  }
  std::ranges::sort(files, {}, &CheckpointFile::step);
  return files;
}

std::optional<FoundCheckpoint> FindNewestWhole(const fs::path& directory) {
  std::vector<SkippedCheckpoint> skipped;
  std::vector<CheckpointFile> files = ListCheckpoints(directory);
  std::ranges::reverse(files);
  for (const CheckpointFile& file : files) {
    try {
      return FoundCheckpoint{
          .file = file, .checkpoint = ReadCheckpoint(file.path), .skipped = skipped};
    } catch (const Error& error) {
      skipped.push_back({.path = file.path, .reason = error.what()});
    }
  }
  if (skipped.empty()) {
    return std::nullopt;
  }
  std::string message = fmt::format(
      "{}: none of the {} checkpoints is whole; restore one from a backup, or move them away to "
      "start from scratch",
      directory.string(), skipped.size());
  for (const SkippedCheckpoint& checkpoint : skipped) {
    message += "\n  " + checkpoint.reason;
  }
  throw Error(message);
}

std::vector<fs::path> SetAsideAfter(const fs::path& directory, int64_t step) {
  std::vector<fs::path> moved;
  for (const CheckpointFile& file : ListCheckpoints(directory)) {
    if (file.step <= step) {
      continue;
    }
    fs::path target = file.path;
    target += ".set-aside";
    std::error_code error;
    fs::rename(file.path, target, error);
    if (error) {
      throw SystemError(file.path, "be renamed", error.value());
    }
    moved.push_back(file.path);
  }
  return moved;
}

void Prune(const fs::path& directory, int64_t committed_step, const Retention& retention) {
  if (retention.keep_last < 1) {
    throw std::logic_error("Prune must keep at least one checkpoint");
  }
  RemoveStaleTemporaries(directory);
  std::vector<CheckpointFile> files = ListCheckpoints(directory);
  std::erase_if(files, [&](const auto& file) { return file.step > committed_step; });
  const auto kept = std::min<size_t>(files.size(), static_cast<size_t>(retention.keep_last));
  files.resize(files.size() - kept);
  for (const CheckpointFile& file : files) {
    if (file.step != retention.keep_step) {
      Remove(file.path);
    }
  }
}

}  // namespace lockstep::storage
