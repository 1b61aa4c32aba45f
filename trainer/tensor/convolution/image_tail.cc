#include "trainer/tensor/convolution/image_tail.h"

#include <algorithm>

namespace lockstep {
namespace {

int64_t PooledRowSize(const TailRow& row) { return int64_t{row.width / 2} * row.filters; }

}  // namespace

void PoolImage(const TailKernels& kernels, const TailRow& row, int height, const float* image,
               float* pooled, uint8_t* kept) {
  for (int y = 0; y < height / 2; ++y) {
    const int64_t first = y * PooledRowSize(row);
    kernels.pool_rows(row, image + 2 * y * RowRoom(row), pooled + first,
                      kept == nullptr ? nullptr : kept + first);
  }
}

void PoolImageBack(const TailKernels& kernels, const TailRow& row, int height, const uint8_t* kept,
                   const float* pooled_gradient, float* gradient, float* bias_gradient) {
  for (int y = 0; y < height / 2; ++y) {
    const int64_t first = y * PooledRowSize(row);
    kernels.pool_rows_back(row, kept + first, pooled_gradient + first,
                           gradient + 2 * y * RowRoom(row), bias_gradient);
  }
  std::fill_n(gradient + height / 2 * 2 * RowRoom(row), height % 2 * RowRoom(row), 0.0F);
}

}  // namespace lockstep
