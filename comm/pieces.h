#pragma once

#include <algorithm>
#include <cstdint>

namespace lockstep::comm {

// The most elements that go into one MPI call, which counts with int.
constexpr int64_t kLargestPiece = int64_t{1} << 30;

// Calls transfer(offset, count) for consecutive pieces of `size`, none larger than `largest`.
template <typename Transfer>
void InPieces(int64_t size, const Transfer& transfer, int64_t largest = kLargestPiece) {
  for (int64_t offset = 0; offset < size; offset += largest) {
    transfer(offset, static_cast<int>(std::min(size - offset, largest)));
  }
}

}  // namespace lockstep::comm
