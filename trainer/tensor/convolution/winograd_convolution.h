#pragma once

#include "trainer/tensor/convolution/convolution.h"
#include "trainer/tensor/kernels/kernels.h"

namespace lockstep {

// Winograd's minimal filtering (Lavin and Gray 2016): input tiles and filters are transformed, so
// that a convolution becomes one matrix product for each of a tile's points, tiles x channels by
// channels x filters. F(4x4, 3x3) needs a quarter of the direct method's multiplications, F(4x4,
// 5x5) a sixth.
//
// Its rounding errors are larger than those of adding up the products directly: up to 3e-5 of the
// largest number, mostly in the weights' gradient, where that has 1e-6.
class WinogradConvolution : public ConvolutionAlgorithm {
 public:
  // Square kernels of 3 or 5, stride 1, one group, channels and filters multiples of 16.
  static bool Serves(const ConvolutionGeometry& geometry);

  // REQUIRES Serves(geometry).
  WinogradConvolution(const ConvolutionGeometry& geometry, int max_batch);

  std::string_view name() const override { return "winograd"; }
  int64_t scratch_bytes() const override;
  void Forward(const float* weights, ConstTensor input, Tensor output,
               std::span<std::byte> scratch) const override;
  void Backward(const float* weights, ConstTensor input, ConstTensor output_gradient,
                const ConvolutionGradients& gradients, std::span<std::byte> scratch) const override;

 private:
  // Transformed numbers, as kernels/winograd.h says.
  struct Workspace {
    float* weights;
    float* transposed_weights;
    float* input;
    float* output;
  };
  // The rows of a block's matrices.
  int64_t Tiles(const WinogradBlock& block) const;
  Workspace Divide(std::span<std::byte> scratch) const;
  // Calls visit(block, first image).
  template <typename Visit>
  void ForEachBlock(int batch, Visit visit) const;
  void TransposeWeights(const float* weights, const Workspace& workspace) const;
  void AccumulateWeightGradient(const WinogradBlock& block, bool first,
                                const Workspace& workspace) const;

  ConvolutionGeometry geometry_;
  const WinogradKernels& kernels_;
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
