#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "storage/file_descriptor.h"

namespace lockstep::storage {

// A new file beside `target` that becomes `target` when it is renamed, and deletes itself
// otherwise. Everything throws Error, which names `target`.
class TemporaryFile {
 public:
  // Creates NAME.tmp-PID-NUMBER, empty and open for writing.
  explicit TemporaryFile(const std::filesystem::path& target);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  void Write(std::span<const std::byte> bytes);
  // Makes what was written last.
  void Sync();
  // Reports what network file systems report as late as this.
  void Close();
  void RenameToTarget();

  int descriptor() const { return descriptor_.get(); }
  // The caller keeps the file open.
  FileDescriptor TakeDescriptor() { return std::move(descriptor_); }

 private:
  std::filesystem::path target_;
  std::string path_;
  FileDescriptor descriptor_;
  bool renamed_ = false;
};

// Whether `name` is one that TemporaryFile gives.
bool IsTemporaryName(std::string_view name);

}  // namespace lockstep::storage
