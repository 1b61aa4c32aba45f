#pragma once

#include <algorithm>
#include <cstdint>

#include "trainer/tensor/convolution/lowering.h"
#include "trainer/tensor/tensor.h"

namespace lockstep {

// Windows along one side of a frame: the first begins `lead` zeros before the image.
struct FrameSide {
  int windows;
  int step;  // from one window to the next
  int size;  // of a window
  int lead;

  // Pixels that so many windows see.
  int Length(int count) const { return (count - 1) * step + size; }
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
  FrameSide rows_;
  FrameSide columns_;
  int depth_;
  OutputBlock block_;
};

}  // namespace lockstep
