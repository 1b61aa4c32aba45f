#pragma once

#include <algorithm>
#include <cstdint>

#include "trainer/tensor/convolution/lowering.h"
#include "trainer/tensor/tensor.h"

namespace lockstep {

// Windows along one side of an image: the first begins `lead` pixels before it. Pixels between the
// windows are left out of the frame.
struct FrameSide {
  int windows;
  int stride;  // of the windows in the image
  int size;    // of a window
  int lead;

  // From one window of the frame to the next.
  int step() const { return std::min(stride, size); }
  // Pixels of the frame that so many windows see.
  int Length(int count) const { return (count - 1) * step() + size; }
  // Where a pixel of the frame of all windows comes from; perhaps from outside of the image.
  int Source(int pixel) const { return pixel / step() * stride + pixel % step() - lead; }
};

// Cuts a batch of images into blocks of windows, and copies what a block sees into a frame of
// zeros, where no window ends at a border. Blocks fit the second-level cache where they can; they
// depend on the sizes alone.
class Framing {
 public:
  Framing(FrameSide rows, FrameSide columns, int depth);

  const FrameSide& rows() const { return rows_; }
  const FrameSide& columns() const { return columns_; }
  // Floats from one row to the next, and from one image to the next.
  int64_t row_size() const { return int64_t{columns_.Length(columns_.windows)} * depth_; }
  int64_t ImageSize(const OutputBlock& block) const {
    return rows_.Length(block.rows) * row_size();
  }
  // Floats of the frame of a block of a batch that is not larger.
  int64_t FrameSize(int batch) const;
  // The largest block.
  const OutputBlock& block() const { return block_; }

  // Calls visit(block, its first image).
  template <typename Visit>
  void ForEachBlock(int batch, const Visit& visit) const {
    for (int image = 0; image < batch; image += block_.images) {
      for (int row = 0; row < rows_.windows; row += block_.rows) {
        visit(OutputBlock{.images = std::min(block_.images, batch - image),
                          .first_row = row,
                          .rows = std::min(block_.rows, rows_.windows - row)},
              image);
      }
    }
  }

  // `images` begins with the block's first.
  void CopyIntoFrame(const OutputBlock& block, ConstTensor images, float* frame) const;

 private:
  // `row`: of the image.
  void CopyRow(const float* row, int width, float* frame) const;

  FrameSide rows_;
  FrameSide columns_;
  int depth_;
  OutputBlock block_;
};

}  // namespace lockstep
