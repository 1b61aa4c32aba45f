#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "trainer/base/divide.h"
#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {

// Deals out scratch, array by array, each on a cache line of its own. Without memory it only
// counts: the function that divides scratch then also says how much it needs.
class ScratchDealer {
 public:
  ScratchDealer() = default;  // only counts
  explicit ScratchDealer(std::span<std::byte> scratch) : scratch_(scratch) {}

  float* Floats(int64_t count) { return Numbers<float>(count); }
  double* Doubles(int64_t count) { return Numbers<double>(count); }

  int64_t bytes() const { return bytes_; }

 private:
  template <typename T>
  T* Numbers(int64_t count) {
    const int64_t begin = bytes_;
    bytes_ += RoundUp(count * static_cast<int64_t>(sizeof(T)), kLineBytes);
    return scratch_.empty() ? nullptr : reinterpret_cast<T*>(scratch_.data() + begin);
  }

  std::span<std::byte> scratch_;
  int64_t bytes_ = 0;
};

}  // namespace lockstep
