#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace lockstep::storage {

struct WriteOptions {
  // Called when the new content is complete, last before it becomes the file's: what it throws
  // leaves the file as it was.
  std::function<void()> before_rename = nullptr;
  // Without it, a power cut soon afterwards may leave neither the old content nor the new.
  bool survives_power_cut = true;
};

// Makes `path` hold exactly `bytes`, whatever it held before: after a crash or a power cut at any
// instant it holds the old content or the new one, never a mixture and never nothing. When this
// returns, the content is on the disk. Throws Error, and leaves `path` as it was and no temporary
// file behind; only if nothing but the last fsync of the directory failed, `path` is new already.
void WriteFileAtomically(const std::filesystem::path& path, std::span<const std::byte> bytes,
                         const WriteOptions& options = {});
void WriteFileAtomically(const std::filesystem::path& path, std::string_view text,
                         const WriteOptions& options = {});

// Throws Error unless WriteFileAtomically could put a file at `path` now: its directory exists and
// may be written to, and `path` is not a directory itself. For asking before hours of work.
void CheckWritable(const std::filesystem::path& path);

// Makes what was created in `directory`, or renamed within it, last. Throws Error.
void SyncDirectory(const std::filesystem::path& directory);

// Deletes what writers that died in WriteFileAtomically left in `directory`. REQUIRES that nobody
// writes there now (see RunLock). Throws Error.
void RemoveStaleTemporaries(const std::filesystem::path& directory);

// The content of the regular file at `path`, or its first `limit` bytes. Throws Error.
std::vector<std::byte> ReadFile(const std::filesystem::path& path,
                                uint64_t limit = std::numeric_limits<uint64_t>::max());

}  // namespace lockstep::storage
