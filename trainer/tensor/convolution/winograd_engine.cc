#include "trainer/tensor/convolution/winograd_engine.h"

#include <algorithm>
#include <array>

#include "trainer/base/check.h"
#include "trainer/base/divide.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/prefetch.h"
#include "trainer/tensor/products.h"

namespace lockstep {
namespace {

constexpr int kChannelUnit = 16;

// With fewer tiles in a product, reading the weights again for every block takes longer than the
// products: then blocks are as large as makes up for it, cache or not.
constexpr int64_t kFewestTiles = 20;
constexpr int64_t kManyTiles = 128;
// Bytes of a block's transformed input and output that a second-level cache of 1 MiB serves well,
// measured; what is prefetched has to find room beside them.
constexpr int64_t kBlockBytes = 700'000;
// Floats that are worth prefetching: of more, the first are gone when they are wanted.
constexpr size_t kMostPrefetched = size_t{1} << 17;
// Between the matrices of two points, so that the same row of all points does not fall into the
// same few sets of a cache.
constexpr int64_t kGap = 48;

// Pieces of at most `most`, and as equal as can be.
int EqualPieces(int total, int64_t most) {
  return static_cast<int>(DivideUp(total, DivideUp(total, most)));
}

// What transforming a number costs, in multiply-adds of the products, with all that it takes to
// bring it to the products and back. Measured for 32 and 64 channels; the more there are, the less
// it matters.
int64_t TransformCost(int output_size) {
  constexpr std::array<int64_t, 4> kCost{10, 12, 16, 17};  // of 3 to 6 outputs
  return kCost[output_size - 3];
}

// Of a convolution's image, in multiply-adds: larger tiles need fewer, where they do not reach too
// far beyond the image, but their transforms take longer. What pooling costs is left out.
int64_t Cost(const ConvolutionGeometry& geometry, int output_size) {
  const Shape output = geometry.output();
  const int64_t tiles = DivideUp(output.height, output_size) * DivideUp(output.width, output_size);
  const int64_t tile = output_size + geometry.kernel_height - 1;
  const int64_t channels = geometry.input.channels;
  const int64_t filters = geometry.filters;
  return tiles * tile * tile *
         (channels * filters + TransformCost(output_size) * (channels + filters));
}

const WinogradKernels& KernelsFor(const ConvolutionGeometry& geometry, int output_size) {
  const auto& all = ActiveKernels().winograd;
  const auto* const found = std::ranges::find_if(all, [&](const WinogradKernels* kernels) {
    return kernels->filter_size == geometry.kernel_height && kernels->output_size == output_size;
  });
  CHECK(found != std::end(all));
  return **found;
}

WinogradTiles ToTiles(const ConvolutionGeometry& geometry, int output_size) {
  const Shape output = geometry.output();
  return {.height = geometry.input.height,
          .width = geometry.input.width,
          .channels = geometry.input.channels,
          .output_height = output.height,
          .output_width = output.width,
          .filters = geometry.filters,
          .padding_height = geometry.padding_height,
          .padding_width = geometry.padding_width,
          .columns = DivideUp(output.width, output_size)};
}

int64_t MostTiles(const WinogradTiles& tiles, int points) {
  const int64_t fast = kSmallProduct / (int64_t{tiles.channels} * tiles.filters);
  if (fast < kFewestTiles) {
    return kManyTiles;
  }
  const int64_t tile_bytes = int64_t{points} * (tiles.channels + tiles.filters) * sizeof(float);
  return std::clamp<int64_t>(kBlockBytes / tile_bytes, 1, fast);
}

// Whole images where several fit, whole rows of tiles of one image otherwise.
WinogradBlock ChooseBlock(const WinogradTiles& tiles, int tile_rows, int points) {
  const int64_t most = MostTiles(tiles, points);
  const int64_t image = int64_t{tile_rows} * tiles.columns;
  if (image <= most) {
    return {.images = static_cast<int>(most / image), .first_row = 0, .rows = tile_rows};
  }
  const int64_t rows = std::max<int64_t>(most / tiles.columns, 1);
  return {.images = 1, .first_row = 0, .rows = EqualPieces(tile_rows, rows)};
}

}  // namespace

bool WinogradEngine::Serves(const ConvolutionGeometry& geometry) {
  const int kernel = geometry.kernel_height;
  return geometry.kernel_width == kernel && (kernel == 3 || kernel == 5) &&
         geometry.stride_height == 1 && geometry.stride_width == 1 && geometry.groups == 1 &&
         geometry.input.channels % kChannelUnit == 0 && geometry.filters % kChannelUnit == 0;
}

std::vector<int> WinogradEngine::OutputSizes(const ConvolutionGeometry& geometry) {
  std::vector<int> sizes;
  for (const WinogradKernels* const kernels : ActiveKernels().winograd) {
    if (kernels->filter_size == geometry.kernel_height) {
      sizes.push_back(kernels->output_size);
    }
  }
  return sizes;
}

int WinogradEngine::FastestOutputSize(const ConvolutionGeometry& geometry) {
  const std::vector<int> sizes = OutputSizes(geometry);
  CHECK(!sizes.empty());
  return *std::min_element(sizes.begin(), sizes.end(),
                           [&](int a, int b) { return Cost(geometry, a) < Cost(geometry, b); });
}

WinogradEngine::WinogradEngine(const ConvolutionGeometry& geometry, int max_batch, int output_size)
    : kernels_(KernelsFor(geometry, output_size)),
      taps_(geometry.kernel_height * geometry.kernel_width),
      points_((kernels_.output_size + kernels_.filter_size - 1) *
              (kernels_.output_size + kernels_.filter_size - 1)),
      tile_rows_(DivideUp(geometry.output().height, kernels_.output_size)),
      tiles_(ToTiles(geometry, kernels_.output_size)),
      block_(ChooseBlock(tiles_, tile_rows_, points_)),
      weights_stride_(int64_t{tiles_.channels} * tiles_.filters + kChannelUnit) {
  CHECK(Serves(geometry));
  WinogradBlock largest = block_;
  largest.images = std::min(largest.images, max_batch);
  input_stride_ = Tiles(largest) * tiles_.channels + kGap;
  output_stride_ = Tiles(largest) * tiles_.filters + kGap;
}

int64_t WinogradEngine::Tiles(const WinogradBlock& block) const {
  return int64_t{block.images} * block.rows * tiles_.columns;
}

int64_t WinogradEngine::scratch_bytes() const {
  return points_ * (weights_stride_ + input_stride_ + output_stride_) *
         static_cast<int64_t>(sizeof(float));
}

int64_t WinogradEngine::prepared_bytes() const {
  return 2 * points_ * weights_stride_ * static_cast<int64_t>(sizeof(float));
}

// Transposes the weights before they are transformed: there are fewer of them.
void WinogradEngine::Prepare(const float* weights, std::span<std::byte> prepared) const {
  auto* const transformed = reinterpret_cast<float*>(prepared.data());
  float* const transposed = transformed + points_ * weights_stride_;
  const int64_t count = int64_t{tiles_.channels} * tiles_.filters;
  float* const weights_back = transformed;  // until its own numbers come
  for (int tap = 0; tap < taps_; ++tap) {
    Transpose(weights + tap * count, tiles_.channels, tiles_.filters, weights_back + tap * count);
  }
  kernels_.transform_weights(weights_back, count, weights_stride_, transposed);
  kernels_.transform_weights(weights, count, weights_stride_, transformed);
}

WinogradEngine::Workspace WinogradEngine::Divide(std::span<const std::byte> prepared,
                                                 std::span<std::byte> scratch) const {
  const auto* const weights = reinterpret_cast<const float*>(prepared.data());
  auto* const gradient = reinterpret_cast<float*>(scratch.data());
  float* const input = gradient + points_ * weights_stride_;
  return {.weights = weights,
          .transposed_weights = weights + points_ * weights_stride_,
          .weight_gradient = gradient,
          .input = input,
          .output = input + points_ * input_stride_};
}

int WinogradEngine::ImagesInBlock(int batch) const { return EqualPieces(batch, block_.images); }

template <typename Multiply>
void WinogradEngine::ForEachPoint(std::initializer_list<std::span<const float>> ahead,
                                  const Multiply& multiply) const {
  for (int point = 0; point < points_; ++point) {
    multiply(point);
    for (const std::span<const float> memory : ahead) {
      if (memory.size() <= kMostPrefetched) {
        PrefetchPiece(memory, point, points_);
      }
    }
  }
}

std::span<const float> WinogradEngine::PartOf(ConstTensor tensor, const WinogradBlock& block,
                                              int image) const {
  const int64_t size = tensor.shape.size();
  const int64_t begin = image * size + size * block.first_row / tile_rows_;
  const int64_t end =
      (image + block.images - 1) * size + size * (block.first_row + block.rows) / tile_rows_;
  return tensor.values().subspan(begin, end - begin);
}

std::span<const float> WinogradEngine::PartAfter(ConstTensor tensor, const WinogradBlock& block,
                                                 int image) const {
  const std::span<const float> part = PartOf(tensor, block, image);
  const std::span<const float> rest =
      tensor.values().subspan(part.data() + part.size() - tensor.data);
  return rest.first(std::min(part.size(), rest.size()));
}

void WinogradEngine::MultiplyForward(const WinogradBlock& block, int image, ConstTensor input,
                                     ConstTensor output, const Workspace& workspace) const {
  kernels_.transform_input(tiles_, block, input.sample(image), input_stride_, workspace.input);
  ForEachPoint({PartOf(output, block, image), PartAfter(input, block, image)}, [&](int point) {
    Gemm(static_cast<int>(Tiles(block)), tiles_.filters, tiles_.channels,
         {workspace.input + point * input_stride_, tiles_.channels},
         {workspace.weights + point * weights_stride_, tiles_.filters}, 0,
         workspace.output + point * output_stride_, tiles_.filters);
  });
}

void WinogradEngine::AccumulateWeightGradient(const WinogradBlock& block, int image,
                                              ConstTensor input, ConstTensor output_gradient,
                                              const Workspace& workspace) const {
  const float beta = image == 0 && block.first_row == 0 ? 0.0F : 1.0F;
  kernels_.transform_input(tiles_, block, input.sample(image), input_stride_, workspace.input);
  ForEachPoint({PartAfter(input, block, image), PartAfter(output_gradient, block, image)},
               [&](int point) {
                 Gemm(tiles_.channels, tiles_.filters, static_cast<int>(Tiles(block)),
                      {workspace.input + point * input_stride_, tiles_.channels, Op::kTranspose},
                      {workspace.output + point * output_stride_, tiles_.filters}, beta,
                      workspace.weight_gradient + point * weights_stride_, tiles_.filters);
               });
}

void WinogradEngine::WriteInputGradient(const WinogradBlock& block, int image, Tensor gradient,
                                        const Workspace& workspace) const {
  ForEachPoint({PartOf(gradient, block, image)}, [&](int point) {
    Gemm(static_cast<int>(Tiles(block)), tiles_.channels, tiles_.filters,
         {workspace.output + point * output_stride_, tiles_.filters},
         {workspace.transposed_weights + point * weights_stride_, tiles_.channels}, 0,
         workspace.input + point * input_stride_, tiles_.channels);
  });
  kernels_.input_gradient(tiles_, block, workspace.input, input_stride_, gradient.sample(image));
}

}  // namespace lockstep
