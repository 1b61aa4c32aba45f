#pragma once

#include "trainer/tensor/kernels/vectors.h"
#include "trainer/tensor/kernels/winograd.h"

// Where the tiles of a Winograd convolution lie in images.

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {

// A place of the loop over a block.
struct Tile {
  int64_t number;  // in the block: the row of the matrices
  int image;
  int row;  // of the tiles of its image
  int column;
};

template <typename Visit>
LOCKSTEP_INLINE void ForEachTile(const WinogradTiles& tiles, const WinogradBlock& block,
                                 const Visit& visit) {
  int64_t number = 0;
  for (int image = 0; image < block.images; ++image) {
    for (int row = block.first_row; row < block.first_row + block.rows; ++row) {
      for (int column = 0; column < tiles.columns; ++column) {
        visit(Tile{number++, image, row, column});
      }
    }
  }
}

// The kSize x kSize pixels of a tile, in an image of the given height, width and depth. The tile
// may reach beyond the image.
template <int kSize>
class Window {
 public:
  LOCKSTEP_INLINE Window(float* image, int64_t first_row, int64_t first_column, int height,
                         int width, int depth)
      : first_(image + (first_row * width + first_column) * depth),
        row_stride_(int64_t{width} * depth),
        column_stride_(depth),
        row_begin_(static_cast<int>(first_row < 0 ? -first_row : 0)),
        row_end_(static_cast<int>(first_row + kSize < height ? kSize : height - first_row)),
        column_begin_(static_cast<int>(first_column < 0 ? -first_column : 0)),
        column_end_(static_cast<int>(first_column + kSize < width ? kSize : width - first_column)) {
  }

  LOCKSTEP_INLINE bool inside() const {
    return row_begin_ == 0 && column_begin_ == 0 && row_end_ == kSize && column_end_ == kSize;
  }
  LOCKSTEP_INLINE bool Has(int row, int column) const {
    return (row >= row_begin_) & (row < row_end_) & (column >= column_begin_) &
           (column < column_end_);
  }
  // To be read or written only if the image has the pixel.
  LOCKSTEP_INLINE float* At(int row, int column) const {
    return first_ + row * row_stride_ + column * column_stride_;
  }
  // The pixel's numbers from `channel` on, or `nothing` where the image has no pixel: without a
  // branch, behind which the compiler would no longer fuse multiplications and additions.
  LOCKSTEP_INLINE const float* AtOr(int row, int column, int channel, const float* nothing) const {
    const auto pixel = reinterpret_cast<uintptr_t>(At(row, column) + channel);
    const auto other = reinterpret_cast<uintptr_t>(nothing);
    const auto mask = -static_cast<uintptr_t>(Has(row, column));
    const uintptr_t either = other ^ ((pixel ^ other) & mask);
    return reinterpret_cast<const float*>(either);  // NOLINT(performance-no-int-to-ptr)
  }

 private:
  float* first_;
  int64_t row_stride_;
  int64_t column_stride_;
  int row_begin_;
  int row_end_;
  int column_begin_;
  int column_end_;
};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
