#include "trainer/tensor/convolution/stride_phases.h"

#include <algorithm>

#include "trainer/base/divide.h"
#include "trainer/tensor/convolution/window_weights.h"

namespace lockstep {
namespace {

FrameSide GradientSide(int input, int kernel, int stride, int padding) {
  const int taps = DivideUp(kernel, stride);
  return {
      .windows = (input - 1 + padding) / stride + 1, .stride = 1, .size = taps, .lead = taps - 1};
}

// The inputs of one remainder along one side.
struct PhaseRange {
  int quotient;  // of the first
  int input;     // the first: quotient * stride + remainder - padding
  int count;
};

PhaseRange RangeOf(int first_quotient, int quotients, int remainder, int input, int stride,
                   int padding) {
  const int first = std::max(first_quotient, DivideUp(std::max(padding - remainder, 0), stride));
  const int last = input - 1 + padding - remainder;
  const int past = last < 0 ? 0 : std::min(first_quotient + quotients, last / stride + 1);
  return {.quotient = first,
          .input = first * stride + remainder - padding,
          .count = std::max(0, past - first)};
}

}  // namespace

int PhaseChannels(const ConvolutionGeometry& geometry) {
  return RoundUp(geometry.input.channels, kWindowUnit);
}

int64_t PhaseWeights(const ConvolutionGeometry& geometry) {
  return geometry.weights() / geometry.input.channels * PhaseChannels(geometry);
}

std::vector<StridePhase> StridePhases(const ConvolutionGeometry& geometry) {
  std::vector<StridePhase> phases;
  int64_t weights = 0;
  for (int row = 0; row < std::min(geometry.stride_height, geometry.kernel_height); ++row) {
    for (int column = 0; column < std::min(geometry.stride_width, geometry.kernel_width);
         ++column) {
      phases.push_back({.row = row,
                        .column = column,
                        .rows = DivideUp(geometry.kernel_height - row, geometry.stride_height),
                        .columns = DivideUp(geometry.kernel_width - column, geometry.stride_width),
                        .first_weight = weights});
      weights += int64_t{phases.back().rows} * phases.back().columns * geometry.group_filters() *
                 PhaseChannels(geometry);
    }
  }
  return phases;
}

Framing GradientFraming(const ConvolutionGeometry& geometry) {
  return {GradientSide(geometry.input.height, geometry.kernel_height, geometry.stride_height,
                       geometry.padding_height),
          GradientSide(geometry.input.width, geometry.kernel_width, geometry.stride_width,
                       geometry.padding_width),
          geometry.filters};
}

void PackPhase(const ConvolutionGeometry& geometry, const StridePhase& phase, const float* weights,
               float* packed) {
  const int filters = geometry.group_filters();
  const int taps = phase.rows * phase.columns;
  const int all_channels = PhaseChannels(geometry);
  std::fill_n(packed + phase.first_weight, int64_t{taps} * filters * all_channels, 0.0F);
  ForEachFilterBlock(geometry.groups, int64_t{taps} * filters, all_channels,
                     [&](int first, int count, int64_t offset) {
                       const int channels = std::min(count, geometry.input.channels - first);
                       float* to = packed + phase.first_weight + offset;
                       for (int tap = taps - 1; tap >= 0; --tap, to += int64_t{filters} * count) {
                         const int row = phase.row + tap / phase.columns * geometry.stride_height;
                         const int column =
                             phase.column + tap % phase.columns * geometry.stride_width;
                         TransposeTap(geometry,
                                      {.number = row * geometry.kernel_width + column,
                                       .first_channel = first,
                                       .channels = channels},
                                      weights, {to, count});
                       }
                     });
}

PhaseWindows WindowsOf(const ConvolutionGeometry& geometry, const StridePhase& phase,
                       const Framing& framing, const OutputBlock& block) {
  const Shape& input = geometry.input;
  const PhaseRange rows = RangeOf(block.first_row, block.rows, phase.row, input.height,
                                  geometry.stride_height, geometry.padding_height);
  const PhaseRange columns = RangeOf(0, framing.columns().windows, phase.column, input.width,
                                     geometry.stride_width, geometry.padding_width);
  const int64_t row_size = int64_t{input.width} * input.channels;
  // Windows of fewer taps than that of remainder 0 begin later.
  const int frame_row = rows.quotient - block.first_row + framing.rows().size - phase.rows;
  const int frame_column = columns.quotient + framing.columns().size - phase.columns;
  return {.windows = {.rows = phase.rows,
                      .columns = phase.columns,
                      .depth = geometry.filters,
                      .frame_row = framing.row_size(),
                      .images = block.images,
                      .height = rows.count,
                      .width = columns.count,
                      .from = {.image = framing.ImageSize(block),
                               .row = framing.row_size(),
                               .column = geometry.filters},
                      .to = {.image = input.size(),
                             .row = geometry.stride_height * row_size,
                             .column = int64_t{geometry.stride_width} * input.channels},
                      .filters = PhaseChannels(geometry),
                      .group = geometry.group_filters()},
          .frame_offset = frame_row * framing.row_size() + int64_t{frame_column} * geometry.filters,
          .input_offset = rows.input * row_size + int64_t{columns.input} * input.channels};
}

}  // namespace lockstep
