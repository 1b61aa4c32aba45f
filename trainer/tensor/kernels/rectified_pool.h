#pragma once

#include "trainer/tensor/kernels/vectors.h"

// relu and 2x2 max pooling on vectors, as the layers of these names do them: NaN is larger than any
// number and stays NaN; where the window's largest number is not positive, no gradient passes.

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

// max(x, 0)
LOCKSTEP_INLINE Floats Rectify(Floats x) { return x < 0 ? Floats{} : x; }

// The largest of a window's four numbers, rectified, and where it was: 0 to 3 from left to right
// and top to bottom, kNowhere if the gradient does not pass.
constexpr int kNowhere = 4;
struct RectifiedPool {
  Floats largest;
  Ints position;
};

LOCKSTEP_INLINE void Take(Floats x, int position, RectifiedPool* pool) {
  const Ints larger = (x > pool->largest) | (x != x);
  pool->largest = larger ? x : pool->largest;
  pool->position = larger ? Ints{} + position : pool->position;
}

LOCKSTEP_INLINE RectifiedPool PoolRectified(Floats x0, Floats x1, Floats x2, Floats x3) {
  RectifiedPool pool{x0, Ints{}};
  Take(x1, 1, &pool);
  Take(x2, 2, &pool);
  Take(x3, 3, &pool);
  pool.position = pool.largest > 0 ? pool.position : Ints{} + kNowhere;
  pool.largest = Rectify(pool.largest);
  return pool;
}

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
