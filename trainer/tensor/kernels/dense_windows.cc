#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/tiles.h"
#include "trainer/tensor/kernels/vectors.h"
#include "trainer/tensor/kernels/windows.h"

// Windows whose filters see all channels. A register tile is kVectors vectors of filters by some
// positions (of windows for the output, of weights for their gradient).

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

// For sums: what weights of a position and a number of the frame leave free.
constexpr int kRegisters = kLanes == 16 ? 32 : 16;

constexpr int kMostVectors = kLanes == 16 ? 4 : 2;

template <int kVectors>
constexpr int kMostInTile = kVectors == 1 ? 14 : (kRegisters - kVectors - 1) / kVectors;

// Rows of at most so many windows are taken two at a time, by half as many vectors: such a tile
// reads each weight for twice as many sums. That counts where weights come from the second-level
// cache: those of a filter are more numbers than kNearWeights.
constexpr int kShortRow = kMostInTile<kMostVectors / 2> / 2;
constexpr int kNearWeights = 128;

// The sums of kCount windows side by side, in each of kRows rows.
// `width`: filters of the block that the weights are in.
template <int kVectors, int kRows>
struct OutputTile {
  template <int kCount>
  static __attribute__((noinline)) void Run(const Windows& windows, int width, const float* window,
                                            const float* weights, float* output) {
    const int64_t step = windows.from.column;
    const int64_t row_step = windows.from.row;
    const int numbers = windows.columns * windows.depth;
    Floats sums[kRows][kCount][kVectors] = {};
    for (int row = 0; row < windows.rows; ++row) {
      const float* from = window + row * windows.frame_row;
      for (int i = 0; i < numbers; ++i, ++from, weights += width) {
        Floats weight[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          weight[v] = Load(weights + v * kLanes);
        }
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 14
          for (int q = 0; q < kCount; ++q) {
            const float number = from[r * row_step + q * step];
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
              sums[r][q][v] += number * weight[v];
            }
          }
        }
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 14
      for (int q = 0; q < kCount; ++q) {
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          Store(sums[r][q][v], output + r * windows.to.row + q * windows.to.column + v * kLanes);
        }
      }
    }
  }
};

// The gradients of kCount weights side by side in a window's row, `frame` is that of the first.
template <int kVectors>
struct GradientTile {
  template <int kCount>
  static __attribute__((noinline)) void Run(const Windows& windows, int width, const float* frame,
                                            const float* output_gradient, float* weight_gradient) {
    Floats sums[kCount][kVectors] = {};
    for (int image = 0; image < windows.images; ++image) {
      for (int row = 0; row < windows.height; ++row) {
        const float* window = frame + image * windows.from.image + row * windows.from.row;
        const float* from = output_gradient + image * windows.to.image + row * windows.to.row;
        for (int column = 0; column < windows.width; ++column) {
          Floats gradient[kVectors];
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            gradient[v] = Load(from + v * kLanes);
          }
#pragma GCC unroll 14
          for (int i = 0; i < kCount; ++i) {
            const float number = window[i];
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
              sums[i][v] += number * gradient[v];
            }
          }
          window += windows.from.column;
          from += windows.to.column;
        }
      }
    }
#pragma GCC unroll 14
    for (int i = 0; i < kCount; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        float* const to = weight_gradient + i * int64_t{width} + v * kLanes;
        Store(Load(to) + sums[i][v], to);
      }
    }
  }
};

// Of kVectors vectors of filters in a block of `width`.
template <int kVectors>
void CorrelateFilters(const Windows& windows, int width, const float* frame, const float* weights,
                      float* output) {
  for (int image = 0; image < windows.images; ++image) {
    for (int row = 0; row < windows.height; ++row) {
      const float* const window = frame + image * windows.from.image + row * windows.from.row;
      float* const to = output + image * windows.to.image + row * windows.to.row;
      ForEachTileOf(windows.width, kMostInTile<kVectors>,
                    [&](int first, int count) LOCKSTEP_INLINE_LAMBDA {
                      RunTile<OutputTile<kVectors, 1>, kMostInTile<kVectors>>(
                          count, windows, width, window + first * windows.from.column, weights,
                          to + first * windows.to.column);
                    });
    }
  }
}

// The same for rows of at most kShortRow windows.
template <int kVectors>
void CorrelateShortRows(const Windows& windows, int width, const float* frame, const float* weights,
                        float* output) {
  for (int image = 0; image < windows.images; ++image) {
    ForEachTileOf(windows.height, 2, [&](int row, int rows) LOCKSTEP_INLINE_LAMBDA {
      const float* const window = frame + image * windows.from.image + row * windows.from.row;
      float* const to = output + image * windows.to.image + row * windows.to.row;
      if (rows == 2) {
        RunTile<OutputTile<kVectors, 2>, kShortRow>(windows.width, windows, width, window, weights,
                                                    to);
      } else {
        RunTile<OutputTile<kVectors, 1>, kShortRow>(windows.width, windows, width, window, weights,
                                                    to);
      }
    });
  }
}

template <int kVectors>
void AddFiltersGradient(const Windows& windows, int width, const float* frame,
                        const float* output_gradient, float* weight_gradient) {
  const int numbers = windows.columns * windows.depth;
  for (int row = 0; row < windows.rows; ++row) {
    ForEachTileOf(numbers, kMostInTile<kVectors>, [&](int first, int count) LOCKSTEP_INLINE_LAMBDA {
      RunTile<GradientTile<kVectors>, kMostInTile<kVectors>>(
          count, windows, width, frame + row * windows.frame_row + first, output_gradient,
          weight_gradient + (int64_t{row} * numbers + first) * width);
    });
  }
}

// Calls visit(vectors, first filter, width of its block, where its weights begin) for at most so
// many vectors of filters of a block at a time.
template <typename Visit>
LOCKSTEP_INLINE void ForEachFilters(const Windows& windows, int most, const Visit& visit) {
  const int64_t numbers = int64_t{windows.rows} * windows.columns * windows.depth;
  for (int block = 0; block < windows.filters; block += kFilterBlock) {
    const int rest = windows.filters - block;
    const int width = rest < kFilterBlock ? rest : kFilterBlock;
    for (int filter = 0; filter < width;) {
      const int vectors = (width - filter) / kLanes;
      const int taken = vectors < most ? vectors : most;
      visit(taken, block + filter, width, block * numbers + filter);
      filter += taken * kLanes;
    }
  }
}

void Correlate(const Windows& windows, const float* frame, const float* weights, float* output) {
  using Function = void (*)(const Windows&, int, const float*, const float*, float*);
  constexpr Function kLong[] = {CorrelateFilters<1>, CorrelateFilters<2>, CorrelateFilters<3>,
                                CorrelateFilters<4>};
  constexpr Function kShort[] = {CorrelateShortRows<1>, CorrelateShortRows<2>};
  const bool is_short =
      windows.width <= kShortRow && windows.rows * windows.columns * windows.depth > kNearWeights;
  const Function* const correlate = is_short ? kShort : kLong;
  ForEachFilters(windows, is_short ? kMostVectors / 2 : kMostVectors,
                 [&](int vectors, int filter, int width, int64_t offset) {
                   correlate[vectors - 1](windows, width, frame, weights + offset, output + filter);
                 });
}

void AddWeightGradient(const Windows& windows, const float* frame, const float* output_gradient,
                       float* weight_gradient) {
  constexpr void (*kAdd[])(const Windows&, int, const float*, const float*, float*) = {
      AddFiltersGradient<1>, AddFiltersGradient<2>, AddFiltersGradient<3>, AddFiltersGradient<4>};
  ForEachFilters(windows, kMostVectors, [&](int vectors, int filter, int width, int64_t offset) {
    kAdd[vectors - 1](windows, width, frame, output_gradient + filter, weight_gradient + offset);
  });
}

}  // namespace

const WindowKernels kDenseWindows{.correlate = Correlate, .add_weight_gradient = AddWeightGradient};

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
