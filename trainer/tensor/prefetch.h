#pragma once

#include <cstddef>
#include <span>

#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {

// Brings one of `pieces` pieces of memory that is going to be read or written into the cache.
// Matrix products work from the caches and leave the way to memory idle: a piece between two
// products costs next to nothing. The speed alone depends on it.
inline void PrefetchPiece(std::span<const float> memory, size_t piece, size_t pieces) {
  constexpr size_t kLineFloats = kLineBytes / sizeof(float);
  const size_t lines = memory.size() / kLineFloats;
  for (size_t line = lines * piece / pieces; line < lines * (piece + 1) / pieces; ++line) {
    __builtin_prefetch(&memory[line * kLineFloats]);
  }
}

}  // namespace lockstep
