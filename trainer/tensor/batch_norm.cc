#include "trainer/tensor/batch_norm.h"

#include <algorithm>

#include "trainer/tensor/kernels/kernels.h"
#include "trainer/tensor/scratch.h"

namespace lockstep {
namespace {

// The numbers of some rows stay in the first cache.
constexpr int kBlockNumbers = 8192;
constexpr int kFewestRows = 8;
constexpr int kMostRows = 256;

const BatchNormKernels& KernelsFor(BatchNormTail tail) {
  return tail == BatchNormTail::kRelu ? *ActiveKernels().batch_norm_relu
                                      : *ActiveKernels().batch_norm;
}

// Calls visit(first number, rows) for block after block.
template <typename Visit>
void ForBlocks(ConstTensor x, const Visit& visit) {
  const int channels = x.shape.channels;
  const int most = std::clamp(kBlockNumbers / channels, kFewestRows, kMostRows);
  const int64_t rows = x.size() / channels;
  for (int64_t row = 0; row < rows; row += most) {
    visit(row * channels, static_cast<int>(std::min<int64_t>(most, rows - row)));
  }
}

// Two sums for each channel: of all rows, and of a block's.
struct Sums {
  Sums(int channels, ScratchDealer dealer)
      : first(dealer.Doubles(channels)),
        second(dealer.Doubles(channels)),
        block_first(dealer.Floats(channels)),
        block_second(dealer.Floats(channels)),
        bytes(dealer.bytes()) {}

  double* first;
  double* second;
  float* block_first;
  float* block_second;
  int64_t bytes;
};

Sums ZeroSums(int channels, std::span<std::byte> scratch) {
  const Sums sums(channels, ScratchDealer(scratch));
  std::fill_n(sums.first, channels, 0.0);
  std::fill_n(sums.second, channels, 0.0);
  return sums;
}

}  // namespace

int64_t BatchNormScratchBytes(int channels) { return Sums(channels, ScratchDealer()).bytes; }

Moments ComputeMoments(ConstTensor x, std::span<std::byte> scratch) {
  const int channels = x.shape.channels;
  const Sums sums = ZeroSums(channels, scratch);
  int64_t before = 0;
  ForBlocks(x, [&](int64_t begin, int rows) {
    KernelsFor(BatchNormTail::kNone)
        .moments(rows, channels, x.data + begin, sums.block_first, sums.block_second);
    const double share = static_cast<double>(rows) / static_cast<double>(before + rows);
    const double between = share * static_cast<double>(before);
    for (int c = 0; c < channels; ++c) {
      const double step = sums.block_first[c] - sums.first[c];
      sums.first[c] += step * share;
      sums.second[c] += sums.block_second[c] + step * step * between;
    }
    before += rows;
  });
  return {.mean = sums.first, .squares = sums.second};
}

void Normalize(BatchNormTail tail, ConstTensor x, const ChannelTransform& transform, Tensor y) {
  const BatchNormKernels& kernels = KernelsFor(tail);
  ForBlocks(x, [&](int64_t begin, int rows) {
    kernels.normalize(rows, x.shape.channels, x.data + begin, transform, y.data + begin);
  });
}

void NormalizeBack(BatchNormTail tail, ConstTensor x, const ChannelTransform& transform,
                   const float* inverse_deviation, ConstTensor output_gradient,
                   const BatchNormGradients& gradients, std::span<std::byte> scratch) {
  const BatchNormKernels& kernels = KernelsFor(tail);
  const int channels = x.shape.channels;
  const Sums sums = ZeroSums(channels, scratch);
  ForBlocks(x, [&](int64_t begin, int rows) {
    kernels.gradient_sums(rows, channels, x.data + begin, transform, output_gradient.data + begin,
                          sums.block_first, sums.block_second);
    for (int c = 0; c < channels; ++c) {
      sums.first[c] += sums.block_first[c];
      sums.second[c] += sums.block_second[c];
    }
  });
  float* const offset = sums.block_first;
  float* const slope = sums.block_second;
  const int64_t rows = x.size() / channels;
  const auto count = static_cast<double>(rows);
  for (int c = 0; c < channels; ++c) {
    const double inverse = inverse_deviation[c];
    gradients.bias[c] += static_cast<float>(sums.first[c]);
    gradients.weight[c] += static_cast<float>(sums.second[c] * inverse);
    offset[c] = static_cast<float>(sums.first[c] / count);
    slope[c] = static_cast<float>(sums.second[c] * inverse * inverse / count);
  }
  if (!gradients.x) {
    return;
  }
  ForBlocks(x, [&](int64_t begin, int rows_of_block) {
    kernels.normalize_back(rows_of_block, channels, x.data + begin, transform,
                           output_gradient.data + begin, offset, slope, gradients.x.data + begin);
  });
}

}  // namespace lockstep
