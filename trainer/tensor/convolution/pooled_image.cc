#include "trainer/tensor/convolution/pooled_image.h"

#include <algorithm>

namespace lockstep {
namespace {

// Numbers of a row of the image, and of its pooling.
int64_t RowRoom(const TailRow& row) { return int64_t{row.width} * row.filter_room; }
int64_t PooledRow(const TailRow& row) { return int64_t{row.width / 2} * row.filters; }

}  // namespace

void PoolImage(const TailKernels& kernels, const TailRow& row, int height, const float* image,
               float* pooled, uint8_t* kept) {
  for (int y = 0; y < height / 2; ++y) {
    kernels.pool_rows(row, image + 2 * y * RowRoom(row), pooled + y * PooledRow(row),
                      kept == nullptr ? nullptr : kept + y * PooledRow(row));
  }
}

void PoolImageBack(const TailKernels& kernels, const TailRow& row, int height, const uint8_t* kept,
                   const float* pooled_gradient, float* gradient, float* bias_gradient) {
  for (int y = 0; y < height / 2; ++y) {
    kernels.pool_rows_back(row, kept + y * PooledRow(row), pooled_gradient + y * PooledRow(row),
                           gradient + 2 * y * RowRoom(row), bias_gradient);
  }
  std::fill_n(gradient + height / 2 * 2 * RowRoom(row), height % 2 * RowRoom(row), 0.0F);
}

}  // namespace lockstep
