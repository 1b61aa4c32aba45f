#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/kernels/kernels.h"

namespace lockstep {

// Winograd's minimal filtering (Lavin and Gray 2016): input tiles and filters are transformed, so
// that a convolution becomes one matrix product for each of a tile's points, tiles x channels by
// channels x filters. F(4x4, 3x3) needs a quarter of the direct method's multiplications, F(6x6,
// 3x3) a fifth, F(4x4, 5x5) a sixth.
//
// Its rounding errors are larger than those of adding up the products directly: up to 3e-5 of the
// largest number, mostly in the weights' gradient, where that has 1e-6.
//
// What becomes of the transformed output, and where its gradient comes from, is the caller's
// business.
class WinogradEngine {
 public:
  // Square kernels of 3 or 5, stride 1, one group, channels and filters multiples of 16.
  static bool Serves(const ConvolutionGeometry& geometry);

  // How many outputs, both ways, a tile may have, and with how many the convolution takes the least
  // time. REQUIRES Serves(geometry).
  static std::vector<int> OutputSizes(const ConvolutionGeometry& geometry);
  static int FastestOutputSize(const ConvolutionGeometry& geometry);

  // REQUIRES Serves(geometry) and one of its output sizes.
  WinogradEngine(const ConvolutionGeometry& geometry, int max_batch, int output_size);

  const WinogradKernels& kernels() const { return kernels_; }
  const WinogradTiles& tiles() const { return tiles_; }
  // Calls visit(part, its image's number in the block, its first row in the matrices) for the part
  // that each of a block's images has of it. Of images in several blocks, each block has but one.
  template <typename Visit>
  void ForEachImage(const WinogradBlock& block, const Visit& visit) const {
    const WinogradBlock part{.images = 1, .first_row = block.first_row, .rows = block.rows};
    for (int image = 0; image < block.images; ++image) {
      visit(part, image, image * Tiles(part));
    }
  }
  bool BeginsImage(const WinogradBlock& part) const { return part.first_row == 0; }
  bool EndsImage(const WinogradBlock& part) const {
    return part.first_row + part.rows == tile_rows_;
  }
  int64_t scratch_bytes() const;

  // The transformed weights, and for the way back those with each point's matrix transposed.
  int64_t prepared_bytes() const;
  void Prepare(const float* weights, std::span<std::byte> prepared) const;

  // Calls take(block, its first image, transformed output, stride) for blocks that cover the batch,
  // in order. `output`: what it writes, prefetched while products are computed.
  template <typename Take>
  void Forward(std::span<const std::byte> prepared, ConstTensor input, ConstTensor output,
               std::span<std::byte> scratch, const Take& take) const {
    const Workspace workspace = Divide(prepared, scratch);
    ForEachBlock(input.batch, [&](const WinogradBlock& block, int image) {
      MultiplyForward(block, image, input, output, workspace);
      take(block, image, workspace.output, output_stride_);
    });
  }

  // The adjoint of Forward, step by step. Calls give(block, its first image, where to write the
  // transformed gradient of the output, stride), which reads `output_gradient`.
  template <typename Give>
  void Backward(std::span<const std::byte> prepared, ConstTensor input, ConstTensor output_gradient,
                const ConvolutionGradients& gradients, std::span<std::byte> scratch,
                const Give& give) const {
    const Workspace workspace = Divide(prepared, scratch);
    ForEachBlock(input.batch, [&](const WinogradBlock& block, int image) {
      give(block, image, workspace.output, output_stride_);
      AccumulateWeightGradient(block, image, input, output_gradient, workspace);
      if (gradients.input) {
        WriteInputGradient(block, image, gradients.input, workspace);
      }
    });
    kernels_.add_weight_gradient(workspace.weight_gradient,
                                 int64_t{tiles_.channels} * tiles_.filters, weights_stride_,
                                 gradients.weights);
  }

 private:
  // Transformed numbers, as kernels/winograd.h says.
  struct Workspace {
    const float* weights;
    const float* transposed_weights;
    float* weight_gradient;
    float* input;   // or its gradient
    float* output;  // or its gradient
  };
  // The rows of a block's matrices.
  int64_t Tiles(const WinogradBlock& block) const;
  Workspace Divide(std::span<const std::byte> prepared, std::span<std::byte> scratch) const;
  // Calls visit(block, its first image). Blocks follow from the batch alone.
  template <typename Visit>
  void ForEachBlock(int batch, const Visit& visit) const {
    const int images = ImagesInBlock(batch);
    for (int image = 0; image < batch; image += images) {
      for (int row = 0; row < tile_rows_; row += block_.rows) {
        visit(WinogradBlock{.images = std::min(images, batch - image),
                            .first_row = row,
                            .rows = std::min(block_.rows, tile_rows_ - row)},
              image);
      }
    }
  }
  int ImagesInBlock(int batch) const;

  // Calls multiply(point) for every point, and meanwhile prefetches what comes after them, if it
  // is not too much.
  template <typename Multiply>
  void ForEachPoint(std::initializer_list<std::span<const float>> ahead,
                    const Multiply& multiply) const;
  // About what a block covers of the samples, and as much of what follows, for the next block.
  std::span<const float> PartOf(ConstTensor tensor, const WinogradBlock& block, int image) const;
  std::span<const float> PartAfter(ConstTensor tensor, const WinogradBlock& block, int image) const;

  void MultiplyForward(const WinogradBlock& block, int image, ConstTensor input, ConstTensor output,
                       const Workspace& workspace) const;
  void AccumulateWeightGradient(const WinogradBlock& block, int image, ConstTensor input,
                                ConstTensor output_gradient, const Workspace& workspace) const;
  void WriteInputGradient(const WinogradBlock& block, int image, Tensor gradient,
                          const Workspace& workspace) const;

  const WinogradKernels& kernels_;
  int taps_;    // of a kernel
  int points_;  // of a tile
  int tile_rows_;
  WinogradTiles tiles_;
  WinogradBlock block_;  // but for the last ones of a batch and of an image
  // Floats from one point's matrix to the next.
  int64_t weights_stride_;
  int64_t input_stride_;
  int64_t output_stride_;
};

}  // namespace lockstep
