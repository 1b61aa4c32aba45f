#include "trainer/tensor/kernels/planes.h"

#include "trainer/tensor/kernels/rectified_pool.h"
#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/vectors.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

// A vector of columns gives half as many pooled positions.
constexpr int kPooledLanes = kLanes / 2;

// Every second number of two vectors, from number kFirst on.
template <int kFirst, int... kLane>
LOCKSTEP_INLINE Floats EverySecond(Floats a, Floats b, Sequence<kLane...> /*lanes*/) {
  return __builtin_shufflevector(a, b, (2 * kLane + kFirst)...);
}

// The sums of two rows of the output, kLanes columns of each filter.
template <int kFilters>
struct PlaneSums {
  Floats rows[2][kFilters];
};

// Adds what a row of the frame, seen through `weights` of a kernel row, gives to a row's sums.
template <int kFilters>
LOCKSTEP_INLINE void AddColumn(Floats numbers, const float* weights, Floats* sums) {
#pragma GCC unroll 8
  for (int filter = 0; filter < kFilters; ++filter) {
    sums[filter] += numbers * weights[filter];
  }
}

template <int kFilters>
LOCKSTEP_INLINE PlaneSums<kFilters> SumTwoRows(const DirectShape& shape, const float* frame,
                                               const float* weights, const float* bias) {
  PlaneSums<kFilters> sums;
#pragma GCC unroll 8
  for (int filter = 0; filter < kFilters; ++filter) {
    sums.rows[0][filter] = Floats{} + bias[filter];
    sums.rows[1][filter] = sums.rows[0][filter];
  }
  // A frame row is the kernel's row `row` for the upper output row, the one before for the lower.
  const int taps = shape.kernel_width;
  for (int i = 0; i < taps; ++i) {
    AddColumn<kFilters>(Load(frame + i), weights + i * kDirectUnit, sums.rows[0]);
  }
  for (int row = 1; row < shape.kernel_height; ++row) {
    const float* const numbers = frame + int64_t{row} * shape.frame_width;
    const float* const upper = weights + row * taps * kDirectUnit;
    const float* const lower = upper - taps * kDirectUnit;
    for (int i = 0; i < taps; ++i) {
      const Floats column = Load(numbers + i);
      AddColumn<kFilters>(column, upper + i * kDirectUnit, sums.rows[0]);
      AddColumn<kFilters>(column, lower + i * kDirectUnit, sums.rows[1]);
    }
  }
  const float* const numbers = frame + int64_t{shape.kernel_height} * shape.frame_width;
  const float* const last = weights + (shape.kernel_height - 1) * taps * kDirectUnit;
  for (int i = 0; i < taps; ++i) {
    AddColumn<kFilters>(Load(numbers + i), last + i * kDirectUnit, sums.rows[1]);
  }
  return sums;
}

// Vectors that hold kPooledLanes numbers of one filter and as many of the next are put in the order
// of memory: all filters of a position side by side.
template <int kFilters>
struct Interleaving {
  static constexpr int kPairs = (kFilters + 1) / 2;
  static constexpr int kNumbers = kFilters * kPooledLanes;

  // Where lane `lane` of output vector `vector` comes from when pair `pair` has its turn: the pair,
  // which is the second operand, or what the lane has already.
  static constexpr int Source(int vector, int pair, int lane) {
    const int number = vector * kLanes + lane;
    const int filter = number % kFilters;
    const bool mine = number < kNumbers && filter / 2 == pair;
    return mine ? kLanes + filter % 2 * kPooledLanes + number / kFilters : lane;
  }

  template <int kVector, int kPair, typename Vector, int... kLane>
  static LOCKSTEP_INLINE Vector Merge(Vector merged, const Vector* pairs,
                                      Sequence<kLane...> lanes) {
    if constexpr (kPair == kPairs) {
      return merged;
    } else {
      return Merge<kVector, kPair + 1>(
          __builtin_shufflevector(merged, pairs[kPair], Source(kVector, kPair, kLane)...), pairs,
          lanes);
    }
  }

  // Calls store(vector, first number, how many of them count) for all numbers in order.
  template <int kVector = 0, typename Vector, typename StoreNumbers>
  static LOCKSTEP_INLINE void ForEach(const Vector* pairs, const StoreNumbers& store) {
    constexpr int kFirst = kVector * kLanes;
    if constexpr (kFirst < kNumbers) {
      constexpr int kCount = kNumbers - kFirst < kLanes ? kNumbers - kFirst : kLanes;
      store.template operator()<kCount>(Merge<kVector, 0>(pairs[0], pairs, UpTo<kLanes>()), kFirst);
      ForEach<kVector + 1>(pairs, store);
    }
  }
};

template <int kFilters>
LOCKSTEP_INLINE void PoolTwoRows(const PlaneSums<kFilters>& sums, float* pooled, uint8_t* kept) {
  using Order = Interleaving<kFilters>;
  Floats largest[Order::kPairs];
  Ints position[Order::kPairs];
#pragma GCC unroll 4
  for (int pair = 0; pair < Order::kPairs; ++pair) {
    const int one = 2 * pair;
    const int other = one + 1 < kFilters ? one + 1 : one;
    const RectifiedPool<kLanes> pool =
        PoolRectified(EverySecond<0>(sums.rows[0][one], sums.rows[0][other], UpTo<kLanes>()),
                      EverySecond<1>(sums.rows[0][one], sums.rows[0][other], UpTo<kLanes>()),
                      EverySecond<0>(sums.rows[1][one], sums.rows[1][other], UpTo<kLanes>()),
                      EverySecond<1>(sums.rows[1][one], sums.rows[1][other], UpTo<kLanes>()));
    largest[pair] = pool.largest;
    position[pair] = pool.position;
  }
  Order::ForEach(largest, [&]<int kCount>(Floats numbers, int first) LOCKSTEP_INLINE_LAMBDA {
    __builtin_memcpy(pooled + first, &numbers, kCount * sizeof(float));
  });
  if (kept != nullptr) {
    Order::ForEach(position, [&]<int kCount>(Ints numbers, int first) LOCKSTEP_INLINE_LAMBDA {
      const auto bytes = __builtin_convertvector(numbers, VectorsOf<kLanes>::Bytes);
      __builtin_memcpy(kept + first, &bytes, kCount);
    });
  }
}

template <int kFilters>
void PooledRowOf(const DirectShape& shape, int row, const float* frame, const float* weights,
                 const float* bias, float* pooled, uint8_t* kept) {
  const int columns = shape.output_width / 2 * 2;
  const float* const top = frame + int64_t{row} * shape.frame_width;
  for (int next = 0; next < columns; next += kLanes) {
    // The last vector ends with the row, and some positions are written twice.
    const int column = next + kLanes <= columns ? next : columns - kLanes;
    const int64_t first = int64_t{column / 2} * kFilters;
    PoolTwoRows<kFilters>(SumTwoRows<kFilters>(shape, top + column, weights, bias), pooled + first,
                          kept == nullptr ? nullptr : kept + first);
  }
}

// PooledRowOf for a number of filters known when the program runs.
template <int kFilters = kDirectUnit - 1>
void PooledRow(const DirectShape& shape, int row, const float* frame, const float* weights,
               const float* bias, float* pooled, uint8_t* kept) {
  if constexpr (kFilters > 1) {
    if (shape.filters < kFilters) {
      PooledRow<kFilters - 1>(shape, row, frame, weights, bias, pooled, kept);
      return;
    }
  }
  PooledRowOf<kFilters>(shape, row, frame, weights, bias, pooled, kept);
}

}  // namespace

const PlaneKernels kPlanes{.pooled_row = PooledRow<>};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
