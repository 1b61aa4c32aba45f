#pragma once

#include <cstddef>
#include <span>

#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {

// Fetches one of `pieces` pieces of memory that is going to be read or written. Matrix products
// work in the caches and leave the way to memory idle: what comes after them can be fetched
// meanwhile, a piece between two products. The speed alone depends on it.
inline void FetchPiece(std::span<const float> memory, size_t piece, size_t pieces) {
  constexpr size_t kLineFloats = kLineBytes / sizeof(float);
  const size_t lines = memory.size() / kLineFloats;
  for (size_t line = lines * piece / pieces; line < lines * (piece + 1) / pieces; ++line) {
    __builtin_prefetch(&memory[line * kLineFloats]);
  }
}

}  // namespace lockstep
