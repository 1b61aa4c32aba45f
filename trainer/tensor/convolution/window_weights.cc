#include "trainer/tensor/convolution/window_weights.h"

namespace lockstep {

void PackWeights(const ConvolutionGeometry& geometry, const float* weights, float* packed) {
  const int64_t rows = geometry.filter_weights();
  ForEachFilterBlock(
      geometry.groups, rows, geometry.filters, [&](int first, int count, int64_t offset) {
        CopyRows(rows, count, {weights + first, geometry.filters}, {packed + offset, count});
      });
}

void AddPackedWeights(const ConvolutionGeometry& geometry, const float* packed, float* gradient) {
  const int64_t rows = geometry.filter_weights();
  ForEachFilterBlock(geometry.groups, rows, geometry.filters,
                     [&](int first, int count, int64_t offset) {
                       for (int64_t row = 0; row < rows; ++row) {
                         const float* const from = packed + offset + row * count;
                         float* const to = gradient + row * geometry.filters + first;
                         for (int i = 0; i < count; ++i) {
                           to[i] += from[i];
                         }
                       }
                     });
}

void TransposeTap(const ConvolutionGeometry& geometry, const KernelTap& tap, const float* weights,
                  Matrix transposed) {
  // Some lines of each row at a time, which the CPU fetches ahead; both sides stay in its nearest
  // cache.
  constexpr int kFilters = 64;
  constexpr int kChannels = 16;
  const int channels = geometry.group_channels();
  const int filters = geometry.group_filters();
  for (int channel = 0; channel < tap.channels; channel += kChannels) {
    for (int first = 0; first < filters; first += kFilters) {
      for (int i = channel; i < std::min(channel + kChannels, tap.channels); ++i) {
        const int group = (tap.first_channel + i) / channels;
        const int64_t row = int64_t{tap.number} * channels + (tap.first_channel + i) % channels;
        const float* const from = weights + row * geometry.filters + int64_t{group} * filters;
        for (int filter = first; filter < std::min(first + kFilters, filters); ++filter) {
          transposed.data[int64_t{filter} * transposed.stride + i] = from[filter];
        }
      }
    }
  }
}

}  // namespace lockstep
