#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace lockstep {

// Owns `size` values of a trivial type on a 64-byte boundary (a cache line, an AVX-512 vector),
// zero at first.
template <typename T>
class AlignedBuffer {
 public:
  static constexpr std::align_val_t kAlignment{64};

  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size)
      : data_(static_cast<T*>(::operator new(size * sizeof(T), kAlignment))), size_(size) {
    std::uninitialized_value_construct_n(data_.get(), size);
  }

  size_t size() const { return size_; }
  T* data() const { return data_.get(); }
  std::span<T> span() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(T* data) const { ::operator delete(data, kAlignment); }
  };
  std::unique_ptr<T[], Free> data_;
  size_t size_ = 0;
};

}  // namespace lockstep
