#include "trainer/tensor/kernels/tail.h"

#include "trainer/tensor/kernels/direct.h"
#include "trainer/tensor/kernels/rectified_pool.h"
#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/vectors.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

// Without gaps, a vector of a position's last filters reaches into the next position. Reading, that
// is harmless. Writing, the next position comes later. What would reach beyond the row is cut off.
template <int kWidth>
LOCKSTEP_INLINE void StoreUpTo(const float* end, FloatsOf<kWidth> value, float* to) {
  if (end - to >= kWidth) {
    Store(value, to);
  } else {
    __builtin_memcpy(to, &value, (end - to) * sizeof(float));
  }
}
template <int kWidth>
LOCKSTEP_INLINE void StoreBytesUpTo(const uint8_t* end, IntsOf<kWidth> value, uint8_t* to) {
  if (end - to >= kWidth) {
    StoreBytes(value, to);
  } else {
    const auto bytes = __builtin_convertvector(value, typename VectorsOf<kWidth>::Bytes);
    __builtin_memcpy(to, &bytes, end - to);
  }
}
template <int kWidth>
LOCKSTEP_INLINE FloatsOf<kWidth> LoadUpTo(const float* end, const float* from) {
  if (end - from >= kWidth) {
    return Load<kWidth>(from);
  }
  FloatsOf<kWidth> value{};
  __builtin_memcpy(&value, from, (end - from) * sizeof(float));
  return value;
}
template <int kWidth>
LOCKSTEP_INLINE IntsOf<kWidth> LoadBytesUpTo(const uint8_t* end, const uint8_t* from) {
  if (end - from >= kWidth) {
    return LoadBytes<kWidth>(from);
  }
  typename VectorsOf<kWidth>::Bytes bytes{};
  __builtin_memcpy(&bytes, from, end - from);
  return __builtin_convertvector(bytes, IntsOf<kWidth>);
}

// Calls rows<width>() with the widest vectors that the gaps have room for.
template <typename Rows>
LOCKSTEP_INLINE void WithVectors(const TailRow& row, const Rows& rows) {
  if constexpr (kLanes > kDirectUnit) {
    if (row.filter_room % kLanes != 0) {
      rows.template operator()<kDirectUnit>();
      return;
    }
  }
  rows.template operator()<kLanes>();
}

template <int kWidth, typename Function>
LOCKSTEP_INLINE void MapRow(const TailRow& row, const float* from, float* output,
                            const Function& function) {
  const float* const end = output + int64_t{row.width} * row.filters;
  for (int column = 0; column < row.width; ++column) {
    for (int filter = 0; filter < row.filters; filter += kWidth) {
      StoreUpTo<kWidth>(end, function(Load<kWidth>(from + filter)), output + filter);
    }
    from += row.filter_room;
    output += row.filters;
  }
}

void CopyRow(const TailRow& row, const float* from, float* output) {
  WithVectors(row, [&]<int kWidth>() LOCKSTEP_INLINE_LAMBDA {
    MapRow<kWidth>(row, from, output, [](FloatsOf<kWidth> x) LOCKSTEP_INLINE_LAMBDA { return x; });
  });
}

void RectifyRow(const TailRow& row, const float* from, float* output) {
  WithVectors(row, [&]<int kWidth>() LOCKSTEP_INLINE_LAMBDA {
    MapRow<kWidth>(row, from, output,
                   [](FloatsOf<kWidth> x) LOCKSTEP_INLINE_LAMBDA { return Rectify(x); });
  });
}

template <int kWidth, bool kKeep>
LOCKSTEP_INLINE void PoolRowsBy(const TailRow& row, const float* from, float* pooled,
                                uint8_t* kept) {
  const int64_t size = int64_t{row.width / 2} * row.filters;
  const int64_t row_size = int64_t{row.width} * row.filter_room;
  const float* const end = pooled + size;
  const uint8_t* const kept_end = kKeep ? kept + size : nullptr;
  for (int column = 0; column < row.width / 2; ++column) {
    for (int filter = 0; filter < row.filters; filter += kWidth) {
      const float* const window = from + filter;
      const RectifiedPool<kWidth> pool = PoolRectified<kWidth>(
          Load<kWidth>(window), Load<kWidth>(window + row.filter_room),
          Load<kWidth>(window + row_size), Load<kWidth>(window + row_size + row.filter_room));
      StoreUpTo<kWidth>(end, pool.largest, pooled + filter);
      if constexpr (kKeep) {
        StoreBytesUpTo<kWidth>(kept_end, pool.position, kept + filter);
      }
    }
    from += int64_t{2} * row.filter_room;
    pooled += row.filters;
    kept += kKeep ? row.filters : 0;
  }
}

void PoolRows(const TailRow& row, const float* from, float* pooled, uint8_t* kept) {
  WithVectors(row, [&]<int kWidth>() LOCKSTEP_INLINE_LAMBDA {
    if (kept != nullptr) {
      PoolRowsBy<kWidth, true>(row, from, pooled, kept);
    } else {
      PoolRowsBy<kWidth, false>(row, from, pooled, kept);
    }
  });
}

void CopyRowBack(const TailRow& row, const float* output_gradient, float* gradient) {
  WithVectors(row, [&]<int kWidth>() LOCKSTEP_INLINE_LAMBDA {
    const float* const end = output_gradient + int64_t{row.width} * row.filters;
    for (int column = 0; column < row.width; ++column) {
      for (int filter = 0; filter < row.filters; filter += kWidth) {
        Store(LoadUpTo<kWidth>(end, output_gradient + column * row.filters + filter),
              gradient + column * row.filter_room + filter);
      }
    }
  });
}

void RectifyRowBack(const TailRow& row, const float* output, const float* output_gradient,
                    float* gradient, float* bias_gradient) {
  WithVectors(row, [&]<int kWidth>() LOCKSTEP_INLINE_LAMBDA {
    const int64_t size = int64_t{row.width} * row.filters;
    for (int filter = 0; filter < row.filters; filter += kWidth) {
      FloatsOf<kWidth> sum = Load<kWidth>(bias_gradient + filter);
      for (int column = 0; column < row.width; ++column) {
        const int64_t at = int64_t{column} * row.filters + filter;
        const FloatsOf<kWidth> passed =
            LoadUpTo<kWidth>(output + size, output + at) > 0
                ? LoadUpTo<kWidth>(output_gradient + size, output_gradient + at)
                : FloatsOf<kWidth>{};
        Store(passed, gradient + int64_t{column} * row.filter_room + filter);
        sum += passed;
      }
      Store(sum, bias_gradient + filter);
    }
  });
}

// An odd image's last column is in no window.
template <int kWidth>
LOCKSTEP_INLINE void ClearLastColumn(const TailRow& row, float* gradient) {
  const int64_t row_size = int64_t{row.width} * row.filter_room;
  for (int filter = 0; filter < row.filter_room; filter += kWidth) {
    Store(FloatsOf<kWidth>{}, gradient + row_size - row.filter_room + filter);
    Store(FloatsOf<kWidth>{}, gradient + 2 * row_size - row.filter_room + filter);
  }
}

void PoolRowsBack(const TailRow& row, const uint8_t* kept, const float* pooled_gradient,
                  float* gradient, float* bias_gradient) {
  WithVectors(row, [&]<int kWidth>() LOCKSTEP_INLINE_LAMBDA {
    using Numbers = FloatsOf<kWidth>;
    if (row.width % 2 != 0) {
      ClearLastColumn<kWidth>(row, gradient);
    }
    const int64_t size = int64_t{row.width / 2} * row.filters;
    const int64_t row_size = int64_t{row.width} * row.filter_room;
    for (int filter = 0; filter < row.filters; filter += kWidth) {
      Numbers sum = Load<kWidth>(bias_gradient + filter);
      for (int column = 0; column < row.width / 2; ++column) {
        const int64_t from = int64_t{column} * row.filters + filter;
        const Numbers passed = LoadUpTo<kWidth>(pooled_gradient + size, pooled_gradient + from);
        const IntsOf<kWidth> position = LoadBytesUpTo<kWidth>(kept + size, kept + from);
        float* const window = gradient + int64_t{2} * column * row.filter_room + filter;
        Store(position == 0 ? passed : Numbers{}, window);
        Store(position == 1 ? passed : Numbers{}, window + row.filter_room);
        Store(position == 2 ? passed : Numbers{}, window + row_size);
        Store(position == 3 ? passed : Numbers{}, window + row_size + row.filter_room);
        sum += position < kNowhere ? passed : Numbers{};
      }
      Store(sum, bias_gradient + filter);
    }
  });
}

}  // namespace

const TailKernels kTail{.copy_row = CopyRow,
                        .rectify_row = RectifyRow,
                        .pool_rows = PoolRows,
                        .copy_row_back = CopyRowBack,
                        .rectify_row_back = RectifyRowBack,
                        .pool_rows_back = PoolRowsBack};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
