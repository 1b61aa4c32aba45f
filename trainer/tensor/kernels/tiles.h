#pragma once

#include "trainer/tensor/kernels/vectors.h"

// Register tiles: sums that a function keeps in registers, as many as one of its template arguments
// says.

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

// Cuts `total` into tiles of at most `most`, as equal as can be, and calls run(first, count) for
// each.
template <typename Run>
LOCKSTEP_INLINE void ForEachTileOf(int total, int most, const Run& run) {
  const int tiles = (total + most - 1) / most;
  for (int tile = 0, first = 0; tile < tiles; ++tile) {
    const int count = (total - first) / (tiles - tile);
    run(first, count);
    first += count;
  }
}

// Calls Tile::template Run<count>(arguments...) for a count of 1 to kMost.
template <typename Tile, int kMost, typename... Arguments>
LOCKSTEP_INLINE void RunTile(int count, const Arguments&... arguments) {
  if constexpr (kMost > 1) {
    if (count != kMost) {
      RunTile<Tile, kMost - 1>(count, arguments...);
      return;
    }
  }
  Tile::template Run<kMost>(arguments...);
}

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
