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

// Pixels of kLanes channels each, as they lie in an image or in a buffer.
struct Pixels {
  float* first;
  int64_t row_stride;
  int64_t column_stride;

  LOCKSTEP_INLINE float* At(int row, int column) const {
    return first + row * row_stride + column * column_stride;
  }
};

// The kSize x kSize pixels of a tile, in an image of the given height, width and depth. Where the
// tile reaches beyond the image, kernels work on a buffer instead.
template <int kSize>
class Window {
 public:
  LOCKSTEP_INLINE Window(float* image, int64_t first_row, int64_t first_column, int height,
                         int width, int depth)
      : image_{image + (first_row * width + first_column) * depth, int64_t{width} * depth, depth},
        row_begin_(static_cast<int>(first_row < 0 ? -first_row : 0)),
        row_end_(static_cast<int>(first_row + kSize < height ? kSize : height - first_row)),
        column_begin_(static_cast<int>(first_column < 0 ? -first_column : 0)),
        column_end_(static_cast<int>(first_column + kSize < width ? kSize : width - first_column)) {
  }

  LOCKSTEP_INLINE bool inside() const {
    return row_begin_ == 0 && column_begin_ == 0 && row_end_ == kSize && column_end_ == kSize;
  }
  // Channels from `channel` on.
  LOCKSTEP_INLINE Pixels Image(int channel) const {
    return {image_.first + channel, image_.row_stride, image_.column_stride};
  }
  LOCKSTEP_INLINE Pixels Buffer() { return {buffer_, kSize * kLanes, kLanes}; }

  // Calls visit(in the image, in the buffer) for every pixel that the image has.
  template <typename Visit>
  LOCKSTEP_INLINE void ForEachPixel(int channel, const Visit& visit) {
    for (int row = row_begin_; row < row_end_; ++row) {
      for (int column = column_begin_; column < column_end_; ++column) {
        visit(Image(channel).At(row, column), Buffer().At(row, column));
      }
    }
  }
  LOCKSTEP_INLINE void ClearBuffer() {
    for (int i = 0; i < kSize * kSize; ++i) {
      Store(Floats{}, buffer_ + i * kLanes);
    }
  }

 private:
  Pixels image_;
  int row_begin_;
  int row_end_;
  int column_begin_;
  int column_end_;
  alignas(64) float buffer_[kSize * kSize * kLanes];
};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
