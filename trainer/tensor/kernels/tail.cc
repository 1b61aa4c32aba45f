#include "trainer/tensor/kernels/tail.h"

#include "trainer/tensor/kernels/rectified_pool.h"
#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/vectors.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

void RectifyAll(int64_t size, float* values) {
  for (int64_t i = 0; i < size; i += kLanes) {
    Store(Rectify(Load(values + i)), values + i);
  }
}

void PoolRows(int width, int filters, const float* rows, float* pooled, uint8_t* kept) {
  const int64_t row_size = int64_t{width} * filters;
  for (int column = 0; column < width / 2; ++column) {
    const float* const window = rows + int64_t{2} * column * filters;
    for (int filter = 0; filter < filters; filter += kLanes) {
      const RectifiedPool pool = PoolRectified(
          Load(window + filter), Load(window + filters + filter), Load(window + row_size + filter),
          Load(window + row_size + filters + filter));
      const int64_t to = int64_t{column} * filters + filter;
      Store(pool.largest, pooled + to);
      if (kept != nullptr) {
        StoreBytes(pool.position, kept + to);
      }
    }
  }
}

void RectifiedGradient(int64_t positions, int filters, const float* output,
                       const float* output_gradient, float* gradient, float* bias_gradient) {
  for (int filter = 0; filter < filters; filter += kLanes) {
    Floats sum = Load(bias_gradient + filter);
    for (int64_t position = 0; position < positions; ++position) {
      const int64_t at = position * filters + filter;
      const Floats passed = Load(output + at) > 0 ? Load(output_gradient + at) : Floats{};
      Store(passed, gradient + at);
      sum += passed;
    }
    Store(sum, bias_gradient + filter);
  }
}

// An odd image's last row and column are in no window.
LOCKSTEP_INLINE void ClearUnpooled(int height, int width, int filters, float* gradient) {
  if (height % 2 != 0) {
    float* const row = gradient + int64_t{height - 1} * width * filters;
    for (int64_t i = 0; i < int64_t{width} * filters; i += kLanes) {
      Store(Floats{}, row + i);
    }
  }
  if (width % 2 != 0) {
    for (int row = 0; row < height; ++row) {
      float* const pixel = gradient + (int64_t{row} * width + width - 1) * filters;
      for (int filter = 0; filter < filters; filter += kLanes) {
        Store(Floats{}, pixel + filter);
      }
    }
  }
}

void UnpooledGradient(int height, int width, int filters, const uint8_t* kept,
                      const float* pooled_gradient, float* gradient, float* bias_gradient) {
  ClearUnpooled(height, width, filters, gradient);
  const int64_t row_size = int64_t{width} * filters;
  for (int filter = 0; filter < filters; filter += kLanes) {
    Floats sum = Load(bias_gradient + filter);
    int64_t from = filter;
    for (int row = 0; row < height / 2; ++row) {
      float* window = gradient + int64_t{2} * row * row_size + filter;
      for (int column = 0; column < width / 2; ++column) {
        const Floats passed = Load(pooled_gradient + from);
        const Ints position = LoadBytes(kept + from);
        Store(position == 0 ? passed : Floats{}, window);
        Store(position == 1 ? passed : Floats{}, window + filters);
        Store(position == 2 ? passed : Floats{}, window + row_size);
        Store(position == 3 ? passed : Floats{}, window + row_size + filters);
        sum += position < kNowhere ? passed : Floats{};
        window += int64_t{2} * filters;
        from += filters;
      }
    }
    Store(sum, bias_gradient + filter);
  }
}

}  // namespace

const TailKernels kTail{.rectify = RectifyAll,
                        .pool_rows = PoolRows,
                        .rectified_gradient = RectifiedGradient,
                        .unpooled_gradient = UnpooledGradient};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
