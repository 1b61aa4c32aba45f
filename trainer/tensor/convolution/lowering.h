#pragma once

#include <cstdint>

#include "trainer/tensor/convolution/geometry.h"
#include "trainer/tensor/tensor.h"

namespace lockstep {

// What is computed at a time: output rows [first_row, first_row + rows) of `images` images.
// Several images always come with all their rows.
struct OutputBlock {
  int images;
  int first_row;
  int rows;
};

// Rewrites the part of the input that an output block sees as a matrix, one channel group at a
// time, so that the convolution becomes products of that matrix with the weights (im2col).
//
// A matrix row holds what `kernel_rows` consecutive rows of one window see: kernel_rows x kernel
// width x group channels numbers, in the order of the weights. There are two ways:
//  - kernel_rows = kernel height. A matrix row is a whole window, and one product is enough. The
//    matrix has kernel height x kernel width times the numbers of the input.
//  - kernel_rows = 1. A matrix row is one row of a window. There is a product for each kernel row,
//    and their sum is the output. Windows share the matrix rows that they have in common, so the
//    matrix has only kernel width times the numbers of the input.
//
// Matrix rows stand in the order (input row, image, output column) when kernel_rows is 1, with
// input rows of equal remainder by the vertical stride together; then those that a product takes
// are consecutive. They stand in the order of the output (image, output row, output column) when
// kernel_rows is the kernel height.
class Lowering {
 public:
  // REQUIRES kernel_rows to be 1 or the kernel height.
  Lowering(const ConvolutionGeometry& geometry, int kernel_rows);

  // Products that sum up to the output.
  int products() const { return geometry_.kernel_height / kernel_rows_; }
  // Numbers in a matrix row.
  int depth() const { return kernel_rows_ * kernel_row_; }
  // Numbers in the matrix of a block.
  int64_t MatrixSize(const OutputBlock& block) const;
  // Output numbers of each channel in a block: matrix rows that each product takes.
  int64_t Positions(const OutputBlock& block) const;
  // The first of those matrix rows.
  int64_t FirstRow(const OutputBlock& block, int product) const;
  // Whether a product's rows stand in the order (output row, image, output column) and not in that
  // of the output.
  bool Interleaves(const OutputBlock& block) const;

  // Writes the matrix of `group`. `input` holds the block's images.
  void Lower(const OutputBlock& block, int group, ConstTensor input, float* matrix) const;
  // The other way: adds each number of the matrix to where Lower takes it from.
  void AddRaised(const OutputBlock& block, int group, const float* matrix, Tensor input) const;

 private:
  // Calls visit(image, input_row, offset) for each part of a kernel row's width of the matrix: the
  // part of the first output column starts at `offset`, the next ones depth() further each.
  // input_row may lie outside the input.
  template <typename Visit>
  void ForEachInputRow(const OutputBlock& block, Visit visit) const;
  // Input rows of one remainder by the stride that a block sees.
  int RowsOfRemainder(const OutputBlock& block) const;

  ConvolutionGeometry geometry_;
  int output_width_;
  int kernel_rows_;
  int kernel_row_;  // numbers that a window sees of one row: kernel width x group channels
  int remainders_;  // of input rows by the stride that are kept apart
};

}  // namespace lockstep
