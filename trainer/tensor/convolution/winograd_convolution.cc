#include "trainer/tensor/convolution/winograd_convolution.h"

#include <algorithm>

#include "trainer/base/check.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/convolution/row_products.h"

namespace lockstep {
namespace {

constexpr int kOutputSize = 4;  // of a tile, in pixels, both ways
constexpr int kChannelUnit = 16;

// OpenBLAS is fastest on products below this many multiply-adds.
constexpr int64_t kSmallProduct = 1'000'000;
// Bytes of a block's transformed input and output that a second-level cache of 1 MiB still serves
// well.
constexpr int64_t kBlockBytes = 1'250'000;
// Between the matrices of two points, so that the same row of all points does not fall into the
// same few sets of a cache.
constexpr int64_t kGap = 48;

int DivideUp(int a, int b) { return (a + b - 1) / b; }

// Pieces of at most `most`, and as equal as can be.
int EqualPieces(int total, int64_t most) {
  const int pieces = static_cast<int>((total + most - 1) / most);
  return DivideUp(total, pieces);
}

WinogradTiles ToTiles(const ConvolutionGeometry& geometry) {
  const Shape output = geometry.output();
  return {.height = geometry.input.height,
          .width = geometry.input.width,
          .channels = geometry.input.channels,
          .output_height = output.height,
          .output_width = output.width,
          .filters = geometry.filters,
          .padding_height = geometry.padding_height,
          .padding_width = geometry.padding_width,
          .columns = DivideUp(output.width, kOutputSize)};
}

// Whole images where several fit, whole rows of tiles of one image otherwise.
WinogradBlock ChooseBlock(const WinogradTiles& tiles, int tile_rows, int points) {
  const int64_t tile_bytes = int64_t{points} * (tiles.channels + tiles.filters) * sizeof(float);
  const int64_t most = std::max<int64_t>(
      std::min(kBlockBytes / tile_bytes, kSmallProduct / (int64_t{tiles.channels} * tiles.filters)),
      1);
  const int64_t image = int64_t{tile_rows} * tiles.columns;
  if (image <= most) {
    return {.images = static_cast<int>(most / image), .first_row = 0, .rows = tile_rows};
  }
  const int64_t rows = std::max<int64_t>(most / tiles.columns, 1);
  return {.images = 1, .first_row = 0, .rows = EqualPieces(tile_rows, rows)};
}

}  // namespace

bool WinogradConvolution::Serves(const ConvolutionGeometry& geometry) {
  const int kernel = geometry.kernel_height;
  return geometry.kernel_width == kernel && (kernel == 3 || kernel == 5) &&
         geometry.stride_height == 1 && geometry.stride_width == 1 && geometry.groups == 1 &&
         geometry.input.channels % kChannelUnit == 0 && geometry.filters % kChannelUnit == 0;
}

WinogradConvolution::WinogradConvolution(const ConvolutionGeometry& geometry, int max_batch)
    : geometry_(geometry),
      kernels_(geometry.kernel_height == 3 ? ActiveKernels().winograd_3x3
                                           : ActiveKernels().winograd_5x5),
      points_((kOutputSize + geometry.kernel_height - 1) *
              (kOutputSize + geometry.kernel_height - 1)),
      tile_rows_(DivideUp(geometry.output().height, kOutputSize)),
      tiles_(ToTiles(geometry)),
      block_(ChooseBlock(tiles_, tile_rows_, points_)),
      weights_stride_(int64_t{tiles_.channels} * tiles_.filters + kChannelUnit) {
  CHECK(Serves(geometry));
  WinogradBlock largest = block_;
  largest.images = std::min(largest.images, max_batch);
  input_stride_ = Tiles(largest) * tiles_.channels + kGap;
  output_stride_ = Tiles(largest) * tiles_.filters + kGap;
}

int64_t WinogradConvolution::Tiles(const WinogradBlock& block) const {
  return int64_t{block.images} * block.rows * tiles_.columns;
}

int64_t WinogradConvolution::scratch_bytes() const {
  return points_ * (2 * weights_stride_ + input_stride_ + output_stride_) *
         static_cast<int64_t>(sizeof(float));
}

WinogradConvolution::Workspace WinogradConvolution::Divide(std::span<std::byte> scratch) const {
  auto* const weights = reinterpret_cast<float*>(scratch.data());
  float* const transposed = weights + points_ * weights_stride_;
  float* const input = transposed + points_ * weights_stride_;
  return {.weights = weights,
          .transposed_weights = transposed,
          .input = input,
          .output = input + points_ * input_stride_};
}

template <typename Visit>
void WinogradConvolution::ForEachBlock(int batch, Visit visit) const {
  const int images = EqualPieces(batch, block_.images);
  for (int image = 0; image < batch; image += images) {
    for (int row = 0; row < tile_rows_; row += block_.rows) {
      visit(WinogradBlock{.images = std::min(images, batch - image),
                          .first_row = row,
                          .rows = std::min(block_.rows, tile_rows_ - row)},
            image);
    }
  }
}

void WinogradConvolution::Forward(const float* weights, ConstTensor input, Tensor output,
                                  std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  const int channels = tiles_.channels;
  const int filters = tiles_.filters;
  kernels_.transform_weights(weights, int64_t{channels} * filters, weights_stride_,
                             workspace.weights);
  ForEachBlock(input.batch, [&](const WinogradBlock& block, int image) {
    kernels_.transform_input(tiles_, block, input.sample(image), input_stride_, workspace.input);
    for (int point = 0; point < points_; ++point) {
      Gemm(static_cast<int>(Tiles(block)), filters, channels,
           {workspace.input + point * input_stride_, channels},
           {workspace.weights + point * weights_stride_, filters}, 0,
           workspace.output + point * output_stride_, filters);
    }
    kernels_.transform_output(tiles_, block, workspace.output, output_stride_,
                              output.sample(image));
  });
}

// The adjoint of Forward, step by step.
void WinogradConvolution::Backward(const float* weights, ConstTensor input,
                                   ConstTensor output_gradient,
                                   const ConvolutionGradients& gradients,
                                   std::span<std::byte> scratch) const {
  const Workspace workspace = Divide(scratch);
  const int channels = tiles_.channels;
  const int filters = tiles_.filters;
  if (gradients.input) {
    TransposeWeights(weights, workspace);
    std::ranges::fill(gradients.input.values(), 0.0F);
  }
  ForEachBlock(input.batch, [&](const WinogradBlock& block, int image) {
    kernels_.transform_output_gradient(tiles_, block, output_gradient.sample(image), output_stride_,
                                       workspace.output);
    kernels_.transform_input(tiles_, block, input.sample(image), input_stride_, workspace.input);
    AccumulateWeightGradient(block, image == 0 && block.first_row == 0, workspace);
    if (gradients.input) {
      for (int point = 0; point < points_; ++point) {
        Gemm(static_cast<int>(Tiles(block)), channels, filters,
             {workspace.output + point * output_stride_, filters},
             {workspace.transposed_weights + point * weights_stride_, channels}, 0,
             workspace.input + point * input_stride_, channels);
      }
      kernels_.add_input_gradient(tiles_, block, workspace.input, input_stride_,
                                  gradients.input.sample(image));
    }
  });
  kernels_.add_weight_gradient(workspace.weights, int64_t{channels} * filters, weights_stride_,
                               gradients.weights);
}

// Leaves nothing in workspace.weights, where the gradient is summed later.
void WinogradConvolution::TransposeWeights(const float* weights, const Workspace& workspace) const {
  kernels_.transform_weights(weights, int64_t{tiles_.channels} * tiles_.filters, weights_stride_,
                             workspace.weights);
  for (int point = 0; point < points_; ++point) {
    Transpose(workspace.weights + point * weights_stride_, tiles_.channels, tiles_.filters,
              workspace.transposed_weights + point * weights_stride_);
  }
}

void WinogradConvolution::AccumulateWeightGradient(const WinogradBlock& block, bool first,
                                                   const Workspace& workspace) const {
  for (int point = 0; point < points_; ++point) {
    Gemm(tiles_.channels, tiles_.filters, static_cast<int>(Tiles(block)),
         {workspace.input + point * input_stride_, tiles_.channels, Op::kTranspose},
         {workspace.output + point * output_stride_, tiles_.filters}, first ? 0.0F : 1.0F,
         workspace.weights + point * weights_stride_, tiles_.filters);
  }
}

}  // namespace lockstep
