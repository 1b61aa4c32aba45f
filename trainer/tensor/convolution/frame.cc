#include "trainer/tensor/convolution/frame.h"

#include <algorithm>

#include "trainer/base/divide.h"

namespace lockstep {
namespace {

// Floats of a frame that leave room for weights in a second-level cache of 1 MiB.
constexpr int64_t kFrameSize = 1 << 16;
// Windows over which reading the weights does not count, however large they are.
constexpr int64_t kEnoughWindows = 256;

}  // namespace

Framing::Framing(FrameSide rows, FrameSide columns, int depth)
    : rows_(rows), columns_(columns), depth_(depth) {
  const int64_t fitting_rows = (kFrameSize / row_size() - rows.size) / rows.step() + 1;
  const int64_t most_rows =
      std::max<int64_t>({fitting_rows, DivideUp(kEnoughWindows, columns.windows), 1});
  block_ = {.images = 1, .first_row = 0, .rows = rows.windows};
  if (most_rows < rows.windows) {
    block_.rows = static_cast<int>(DivideUp(rows.windows, DivideUp(rows.windows, most_rows)));
    return;
  }
  const int64_t image_windows = int64_t{rows.windows} * columns.windows;
  block_.images = static_cast<int>(std::max<int64_t>(
      {kFrameSize / ImageSize(block_), DivideUp(kEnoughWindows, image_windows), 1}));
}

int64_t Framing::FrameSize(int batch) const {
  return std::min(batch, block_.images) * ImageSize(block_);
}

void Framing::CopyIntoFrame(const OutputBlock& block, ConstTensor images, float* frame) const {
  const Shape& shape = images.shape;
  const int first_row = block.first_row * rows_.step();
  for (int image = 0; image < block.images; ++image) {
    for (int i = 0; i < rows_.Length(block.rows); ++i, frame += row_size()) {
      const int row = rows_.Source(first_row + i);
      if (row < 0 || row >= shape.height) {
        std::fill_n(frame, row_size(), 0.0F);
      } else {
        CopyRow(images.sample(image) + int64_t{row} * shape.width * depth_, shape.width, frame);
      }
    }
  }
}

void Framing::CopyRow(const float* row, int width, float* frame) const {
  const int length = columns_.Length(columns_.windows);
  // Pixels side by side: all of them, or those of one window.
  const int run = columns_.stride <= columns_.size ? length : columns_.size;
  for (int first = 0; first < length; first += run, frame += int64_t{run} * depth_) {
    const int source = columns_.Source(first);
    const int begin = std::clamp(-source, 0, run);
    const int end = std::clamp(width - source, begin, run);
    std::fill_n(frame, int64_t{begin} * depth_, 0.0F);
    std::copy_n(row + int64_t{source + begin} * depth_, int64_t{end - begin} * depth_,
                frame + int64_t{begin} * depth_);
    std::fill_n(frame + int64_t{end} * depth_, int64_t{run - end} * depth_, 0.0F);
  }
}

}  // namespace lockstep
