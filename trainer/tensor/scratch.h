#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "trainer/base/divide.h"
#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {

// Deals out memory, array by array, each on a cache line of its own. Without memory it only
// counts: the function that divides memory then also says how much it needs. `Byte`: std::byte, or
// const std::byte to find again what was written to such arrays.
template <typename Byte>
class Dealer {
 public:
  template <typename T>
  using Number = std::conditional_t<std::is_const_v<Byte>, const T, T>;

  Dealer() = default;  // only counts
  explicit Dealer(std::span<Byte> memory) : memory_(memory) {}

  Number<float>* Floats(int64_t count) { return Numbers<float>(count); }
  Number<double>* Doubles(int64_t count) { return Numbers<double>(count); }

  int64_t bytes() const { return bytes_; }
  // What has not been dealt out.
  std::span<Byte> Rest() const { return memory_.empty() ? memory_ : memory_.subspan(bytes_); }

 private:
  template <typename T>
  Number<T>* Numbers(int64_t count) {
    const int64_t begin = bytes_;
    bytes_ += RoundUp(count * static_cast<int64_t>(sizeof(T)), kLineBytes);
    return memory_.empty() ? nullptr : reinterpret_cast<Number<T>*>(memory_.data() + begin);
  }

  std::span<Byte> memory_;
  int64_t bytes_ = 0;
};

using ScratchDealer = Dealer<std::byte>;

}  // namespace lockstep
