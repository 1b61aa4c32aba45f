#pragma once

#include <unistd.h>

#include <utility>

namespace lockstep::storage {

// Owns an open file descriptor, or nothing (-1). Closing reports no error: whoever wrote something
// closes it by hand.
class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor = -1) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileDescriptor() {
    if (IsOpen()) {
      close(descriptor_);
    }
  }

  bool IsOpen() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  // Gives the descriptor to the caller, who closes it.
  int Release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

}  // namespace lockstep::storage
