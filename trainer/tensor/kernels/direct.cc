#include "trainer/tensor/kernels/direct.h"

#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/vectors.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

// Positions side by side whose sums are kept in registers, with up to two vectors of filters.
constexpr int kColumns = kLanes == 16 ? 7 : 5;
// Taps of the kernel whose gradients are.
constexpr int kTaps = kLanes == 16 ? 9 : 5;

// Where a tap, numbered as the weights lie, is in the frame, from the window's first number on.
LOCKSTEP_INLINE int64_t TapOffset(const DirectShape& shape, int tap) {
  const int row_taps = shape.kernel_width * shape.channels;
  return int64_t{tap / row_taps} * shape.frame_width * shape.channels + tap % row_taps;
}

// Outputs of kCount positions side by side, kVectors vectors of filters each.
template <int kVectors, int kCount>
LOCKSTEP_INLINE void ForwardColumns(const DirectShape& shape, const float* window,
                                    const float* weights, const float* bias, float* output) {
  Floats sums[kCount][kVectors];
#pragma GCC unroll 8
  for (int q = 0; q < kCount; ++q) {
    for (int v = 0; v < kVectors; ++v) {
      sums[q][v] = Load(bias + v * kLanes);
    }
  }
  const int row_taps = shape.kernel_width * shape.channels;
  for (int row = 0; row < shape.kernel_height; ++row) {
    for (int tap = 0; tap < row_taps; ++tap) {
      Floats weight[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        weight[v] = Load(weights + v * kLanes);
      }
#pragma GCC unroll 8
      for (int q = 0; q < kCount; ++q) {
        const float number = window[tap + q * shape.channels];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          sums[q][v] += number * weight[v];
        }
      }
      weights += shape.filters;
    }
    window += int64_t{shape.frame_width} * shape.channels;
  }
#pragma GCC unroll 8
  for (int q = 0; q < kCount; ++q) {
    for (int v = 0; v < kVectors; ++v) {
      Store(sums[q][v], output + int64_t{q} * shape.filters + v * kLanes);
    }
  }
}

template <int kVectors>
LOCKSTEP_INLINE void ForwardRow(const DirectShape& shape, const float* frame_row,
                                const float* weights, const float* bias, float* output_row) {
  int column = 0;
  for (; column + kColumns <= shape.output_width; column += kColumns) {
    ForwardColumns<kVectors, kColumns>(shape, frame_row + int64_t{column} * shape.channels, weights,
                                       bias, output_row + int64_t{column} * shape.filters);
  }
  for (; column < shape.output_width; ++column) {
    ForwardColumns<kVectors, 1>(shape, frame_row + int64_t{column} * shape.channels, weights, bias,
                                output_row + int64_t{column} * shape.filters);
  }
}

void Forward(const DirectShape& shape, const DirectRows& rows, const float* frame,
             const float* weights, const float* bias, float* output) {
  for (int row = 0; row < rows.count; ++row) {
    const float* const frame_row =
        frame + int64_t{rows.first + row} * shape.frame_width * shape.channels;
    float* const output_row = output + int64_t{row} * shape.output_width * shape.filters;
    int filter = 0;
    for (; filter + 2 * kLanes <= shape.filters; filter += 2 * kLanes) {
      ForwardRow<2>(shape, frame_row, weights + filter, bias + filter, output_row + filter);
    }
    for (; filter < shape.filters; filter += kLanes) {
      ForwardRow<1>(shape, frame_row, weights + filter, bias + filter, output_row + filter);
    }
  }
}

// The gradients of kTaps taps by kVectors vectors of filters. Taps beyond the kernel's last are
// computed like the last, and dropped.
template <int kVectors>
LOCKSTEP_INLINE void AddTapGradients(const DirectShape& shape, int rows, int first_tap,
                                     const float* frame, const float* output_gradient,
                                     float* weight_gradient) {
  const int taps = shape.kernel_height * shape.kernel_width * shape.channels;
  int64_t offsets[kTaps];
  for (int t = 0; t < kTaps; ++t) {
    offsets[t] = TapOffset(shape, first_tap + t < taps ? first_tap + t : taps - 1);
  }
  Floats sums[kTaps][kVectors] = {};
  for (int row = 0; row < rows; ++row) {
    const float* window = frame + int64_t{row} * shape.frame_width * shape.channels;
    const float* gradient = output_gradient + int64_t{row} * shape.output_width * shape.filters;
    for (int column = 0; column < shape.output_width; ++column) {
      Floats part[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        part[v] = Load(gradient + v * kLanes);
      }
#pragma GCC unroll 9
      for (int t = 0; t < kTaps; ++t) {
        const float number = window[offsets[t]];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          sums[t][v] += number * part[v];
        }
      }
      window += shape.channels;
      gradient += shape.filters;
    }
  }
  for (int t = 0; t < kTaps && first_tap + t < taps; ++t) {
    for (int v = 0; v < kVectors; ++v) {
      float* const to = weight_gradient + int64_t{first_tap + t} * shape.filters + v * kLanes;
      Store(Load(to) + sums[t][v], to);
    }
  }
}

void AddWeightGradient(const DirectShape& shape, int rows, const float* frame,
                       const float* output_gradient, float* weight_gradient) {
  const int taps = shape.kernel_height * shape.kernel_width * shape.channels;
  for (int tap = 0; tap < taps; tap += kTaps) {
    int filter = 0;
    for (; filter + 2 * kLanes <= shape.filters; filter += 2 * kLanes) {
      AddTapGradients<2>(shape, rows, tap, frame, output_gradient + filter,
                         weight_gradient + filter);
    }
    for (; filter < shape.filters; filter += kLanes) {
      AddTapGradients<1>(shape, rows, tap, frame, output_gradient + filter,
                         weight_gradient + filter);
    }
  }
}

}  // namespace

const DirectKernels kDirect{.forward = Forward, .add_weight_gradient = AddWeightGradient};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
