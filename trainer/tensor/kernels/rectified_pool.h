#pragma once

#include "trainer/tensor/kernels/vectors.h"

// relu and 2x2 max pooling on vectors, as the layers of these names do them: NaN is larger than any
// number and stays NaN; where the window's largest number is not positive, no gradient passes.

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

// max(x, 0)
template <typename Vector>
LOCKSTEP_INLINE Vector Rectify(Vector x) {
  return x < 0 ? Vector{} : x;
}

// The largest of a window's four numbers, rectified, and where it was: 0 to 3 from left to right
// and top to bottom, kNowhere if the gradient does not pass.
constexpr int kNowhere = 4;
template <int kWidth>
struct RectifiedPool {
  FloatsOf<kWidth> largest;
  IntsOf<kWidth> position;
};

template <int kWidth>
LOCKSTEP_INLINE void Take(FloatsOf<kWidth> x, int position, RectifiedPool<kWidth>* pool) {
  const IntsOf<kWidth> larger = (x > pool->largest) | (x != x);
  pool->largest = larger ? x : pool->largest;
  pool->position = larger ? IntsOf<kWidth>{} + position : pool->position;
}

template <int kWidth = kLanes>
LOCKSTEP_INLINE RectifiedPool<kWidth> PoolRectified(FloatsOf<kWidth> x0, FloatsOf<kWidth> x1,
                                                    FloatsOf<kWidth> x2, FloatsOf<kWidth> x3) {
  RectifiedPool<kWidth> pool{x0, IntsOf<kWidth>{}};
  Take<kWidth>(x1, 1, &pool);
  Take<kWidth>(x2, 2, &pool);
  Take<kWidth>(x3, 3, &pool);
  pool.position = pool.largest > 0 ? pool.position : IntsOf<kWidth>{} + kNowhere;
  pool.largest = Rectify(pool.largest);
  return pool;
}

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
