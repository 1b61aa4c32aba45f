#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "trainer/base/divide.h"

namespace lockstep {

constexpr int64_t kLineBytes = 64;  // of a cache

// So many floats that what follows them begins on a cache line, if they do.
constexpr int64_t WholeLines(int64_t floats) { return RoundUp(floats, kLineBytes / 4); }

// Memory of at least `bytes` on a cache line (64 bytes, an AVX-512 vector). Large memory lies on
// huge pages where the system grants them: a transform that writes dozens of matrices at once would
// wait for page tables otherwise.
struct AlignedMemory {
  void* begin;
  std::align_val_t alignment;
};
AlignedMemory AllocateAligned(size_t bytes);

// Owns `size` values of a trivial type in such memory, zero at first.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) : size_(size) {
    const AlignedMemory memory = AllocateAligned(size * sizeof(T));
    data_ = {static_cast<T*>(memory.begin), Free{memory.alignment}};
    std::uninitialized_value_construct_n(data_.get(), size);
  }

  size_t size() const { return size_; }
  T* data() const { return data_.get(); }
  std::span<T> span() const { return {data_.get(), size_}; }

 private:
  struct Free {
    std::align_val_t alignment{};
    void operator()(T* data) const { ::operator delete(data, alignment); }
  };
  std::unique_ptr<T[], Free> data_;
  size_t size_ = 0;
};

}  // namespace lockstep
