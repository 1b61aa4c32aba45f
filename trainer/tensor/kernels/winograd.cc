#include "trainer/tensor/kernels/winograd.h"

#include "trainer/tensor/kernels/rectified_pool.h"
#include "trainer/tensor/kernels/tables.h"
#include "trainer/tensor/kernels/winograd_transforms.h"
#include "trainer/tensor/kernels/winograd_window.h"

namespace lockstep::LOCKSTEP_INSTRUCTION_SET {
namespace {

// Transforms the rows of a kIn x kIn matrix of vectors to kOut numbers each, then the columns of
// what that gives. load(row, Floats[kIn]) fetches a row, store(column, const Floats[kOut]) takes a
// column.
template <int kIn, int kOut, typename LoadRow, typename Transform, typename StoreColumn>
LOCKSTEP_INLINE void Transform2d(const LoadRow& load, const Transform& transform,
                                 const StoreColumn& store) {
  Floats half[kIn][kOut];
#pragma GCC unroll 8
  for (int row = 0; row < kIn; ++row) {
    Floats in[kIn];
    load(row, in);
    transform(in, half[row]);
  }
#pragma GCC unroll 8
  for (int column = 0; column < kOut; ++column) {
    Floats in[kIn];
#pragma GCC unroll 8
    for (int row = 0; row < kIn; ++row) {
      in[row] = half[row][column];
    }
    Floats out[kOut];
    transform(in, out);
    store(column, out);
  }
}

template <int kTile, int kFilter>
struct Winograd {
  static constexpr int kOutput = kTile - kFilter + 1;
  static constexpr int kOverlap = kTile - kOutput;  // of the data of neighbours

  // The images are only read where the caller only reads.
  static LOCKSTEP_INLINE Window<kTile> DataOf(const WinogradTiles& tiles, const Tile& tile,
                                              const float* images) {
    const int64_t image_size = int64_t{tiles.height} * tiles.width * tiles.channels;
    return {const_cast<float*>(images) + tile.image * image_size,
            int64_t{tile.row} * kOutput - tiles.padding_height,
            int64_t{tile.column} * kOutput - tiles.padding_width,
            tiles.height,
            tiles.width,
            tiles.channels};
  }
  static LOCKSTEP_INLINE Window<kOutput> OutputsOf(const WinogradTiles& tiles, const Tile& tile,
                                                   const float* images) {
    const int64_t image_size = int64_t{tiles.output_height} * tiles.output_width * tiles.filters;
    return {const_cast<float*>(images) + tile.image * image_size,
            int64_t{tile.row} * kOutput,
            int64_t{tile.column} * kOutput,
            tiles.output_height,
            tiles.output_width,
            tiles.filters};
  }

  static void TransformWeights(const float* weights, int64_t count, int64_t stride,
                               float* transformed) {
    for (int64_t q = 0; q < count; q += kLanes) {
      Transform2d<kFilter, kTile>(
          [&](int row, Floats* in) LOCKSTEP_INLINE_LAMBDA {
            for (int column = 0; column < kFilter; ++column) {
              in[column] = Load(weights + (row * kFilter + column) * count + q);
            }
          },
          FilterToTile<kTile, kFilter>,
          [&](int column, const Floats* out)
              LOCKSTEP_INLINE_LAMBDA { StoreColumn(out, column, stride, transformed + q); });
    }
  }

  static void AddWeightGradient(const float* transformed, int64_t count, int64_t stride,
                                float* gradient) {
    for (int64_t q = 0; q < count; q += kLanes) {
      Transform2d<kTile, kFilter>(
          [&](int row, Floats* in)
              LOCKSTEP_INLINE_LAMBDA { LoadRow(transformed + q, stride, row, in); },
          TileToFilter<kTile, kFilter>,
          [&](int column, const Floats* out) LOCKSTEP_INLINE_LAMBDA {
            for (int row = 0; row < kFilter; ++row) {
              float* const to = gradient + (row * kFilter + column) * count + q;
              Store(Load(to) + out[row], to);
            }
          });
    }
  }

  // `tile_row`: where the tile's lanes are in the matrix of the first point.
  static LOCKSTEP_INLINE void StoreColumn(const Floats* out, int column, int64_t stride,
                                          float* tile_row) {
    for (int row = 0; row < kTile; ++row) {
      Store(out[row], tile_row + (row * kTile + column) * stride);
    }
  }
  static LOCKSTEP_INLINE void LoadRow(const float* tile_row, int64_t stride, int row, Floats* in) {
    for (int column = 0; column < kTile; ++column) {
      in[column] = Load(tile_row + (row * kTile + column) * stride);
    }
  }

  alignas(sizeof(Floats)) static constexpr float kNothing[kLanes] = {};

  // What is outside of the image is zero.
  template <bool kInside, int kSize, typename Transform>
  static LOCKSTEP_INLINE void WindowToTile(const Window<kSize>& window, int channel,
                                           const Transform& transform, int64_t stride,
                                           float* tile_row) {
    Transform2d<kSize, kTile>(
        [&](int row, Floats* in) LOCKSTEP_INLINE_LAMBDA {
          for (int column = 0; column < kSize; ++column) {
            in[column] = Load(kInside ? window.At(row, column) + channel
                                      : window.AtOr(row, column, channel, kNothing));
          }
        },
        transform,
        [&](int column, const Floats* out)
            LOCKSTEP_INLINE_LAMBDA { StoreColumn(out, column, stride, tile_row); });
  }
  template <int kSize, typename Transform>
  static LOCKSTEP_INLINE void WindowToTile(const Window<kSize>& window, int depth,
                                           const Transform& transform, int64_t stride,
                                           float* tile_row) {
    for (int channel = 0; channel < depth; channel += kLanes) {
      if (window.inside()) {
        WindowToTile<true>(window, channel, transform, stride, tile_row + channel);
      } else {
        WindowToTile<false>(window, channel, transform, stride, tile_row + channel);
      }
    }
  }

  // What is outside of the image is dropped. adds(row, column): whether to add to what the window
  // holds there, rather than overwrite it.
  template <bool kInside, int kSize, typename Transform, typename Adds>
  static LOCKSTEP_INLINE void TileToWindow(const float* tile_row, int64_t stride,
                                           const Transform& transform, int depth,
                                           const Window<kSize>& window, const Adds& adds) {
    for (int channel = 0; channel < depth; channel += kLanes) {
      Transform2d<kTile, kSize>(
          [&](int row, Floats* in)
              LOCKSTEP_INLINE_LAMBDA { LoadRow(tile_row + channel, stride, row, in); },
          transform,
          [&](int column, const Floats* out) LOCKSTEP_INLINE_LAMBDA {
#pragma GCC unroll 8
            for (int row = 0; row < kSize; ++row) {
              if (kInside || window.Has(row, column)) {
                float* const to = window.At(row, column) + channel;
                Store(adds(row, column) ? Load(to) + out[row] : out[row], to);
              }
            }
          });
    }
  }

  // The pixels that the tile below adds to this one's, or those of the next image: no prefetcher
  // follows such small squares.
  static LOCKSTEP_INLINE void PrefetchBelow(const Window<kTile>& window, int depth) {
    constexpr int kLine = 64 / sizeof(float);
    for (int row = kTile; row < kTile + kOutput; ++row) {
      for (int offset = 0; offset < kOutput * depth; offset += kLine) {
        __builtin_prefetch(window.At(row, kOverlap) + offset);
      }
    }
  }

  static void TransformInput(const WinogradTiles& tiles, const WinogradBlock& block,
                             const float* input, int64_t stride, float* transformed) {
    ForEachTile(tiles, block, [&](const Tile& tile) LOCKSTEP_INLINE_LAMBDA {
      const Window<kTile> window = DataOf(tiles, tile, input);
      PrefetchBelow(window, tiles.channels);
      WindowToTile(window, tiles.channels, DataToTile<kTile>, stride,
                   transformed + tile.number * tiles.channels);
    });
  }

  static void TransformOutputGradient(const WinogradTiles& tiles, const WinogradBlock& block,
                                      const float* gradient, int64_t stride, float* transformed) {
    ForEachTile(tiles, block, [&](const Tile& tile) LOCKSTEP_INLINE_LAMBDA {
      WindowToTile(OutputsOf(tiles, tile, gradient), tiles.filters, OutputToTile<kTile, kOutput>,
                   stride, transformed + tile.number * tiles.filters);
    });
  }

  static void TransformOutput(const WinogradTiles& tiles, const WinogradBlock& block,
                              const float* transformed, int64_t stride, float* output) {
    constexpr auto kNever = [](int /*row*/, int /*column*/) { return false; };
    ForEachTile(tiles, block, [&](const Tile& tile) LOCKSTEP_INLINE_LAMBDA {
      const float* const tile_row = transformed + tile.number * tiles.filters;
      const Window<kOutput> window = OutputsOf(tiles, tile, output);
      if (window.inside()) {
        TileToWindow<true>(tile_row, stride, TileToOutput<kTile, kOutput>, tiles.filters, window,
                           kNever);
      } else {
        TileToWindow<false>(tile_row, stride, TileToOutput<kTile, kOutput>, tiles.filters, window,
                            kNever);
      }
    });
  }

  // A tile's outputs, of kLanes filters.
  using Outputs = Floats[kOutput][kOutput];

  template <bool kPooled>
  static void TransformOutputTail(const WinogradTiles& tiles, const WinogradBlock& block,
                                  const float* transformed, int64_t stride,
                                  const WinogradTail& tail) {
    ForEachTile(tiles, block, [&](const Tile& tile) LOCKSTEP_INLINE_LAMBDA {
      for (int filter = 0; filter < tiles.filters; filter += kLanes) {
        Outputs outputs;
        const Floats bias = Load(tail.bias + filter);
        Transform2d<kTile, kOutput>(
            [&](int row, Floats* in) LOCKSTEP_INLINE_LAMBDA {
              LoadRow(transformed + tile.number * tiles.filters + filter, stride, row, in);
            },
            TileToOutput<kTile, kOutput>,
            [&](int column, const Floats* out) LOCKSTEP_INLINE_LAMBDA {
              for (int row = 0; row < kOutput; ++row) {
                outputs[row][column] = out[row] + bias;
              }
            });
        if (kPooled) {
          StorePooled(tiles, tile, filter, outputs, tail);
        } else {
          StoreRectified(tiles, tile, filter, outputs, tail);
        }
      }
    });
  }

  static LOCKSTEP_INLINE void StoreRectified(const WinogradTiles& tiles, const Tile& tile,
                                             int filter, const Outputs& outputs,
                                             const WinogradTail& tail) {
    ForEachOutput<1>(tiles, tile, filter,
                     [&](int row, int column, int64_t offset) LOCKSTEP_INLINE_LAMBDA {
                       Store(Rectify(outputs[row][column]), tail.output + offset);
                     });
  }

  static LOCKSTEP_INLINE void StorePooled(const WinogradTiles& tiles, const Tile& tile, int filter,
                                          const Outputs& outputs, const WinogradTail& tail) {
    ForEachOutput<2>(
        tiles, tile, filter, [&](int row, int column, int64_t offset) LOCKSTEP_INLINE_LAMBDA {
          const RectifiedPool<kLanes> pool =
              PoolRectified(outputs[2 * row][2 * column], outputs[2 * row][2 * column + 1],
                            outputs[2 * row + 1][2 * column], outputs[2 * row + 1][2 * column + 1]);
          Store(pool.largest, tail.output + offset);
          if (tail.kept != nullptr) {
            StoreBytes(pool.position, tail.kept + offset);
          }
        });
  }

  // Calls visit(row, column, offset in the output's images) for the places of a tile in an output
  // that is kStep times smaller than the convolution's.
  template <int kStep, typename Visit>
  static LOCKSTEP_INLINE void ForEachOutput(const WinogradTiles& tiles, const Tile& tile,
                                            int filter, const Visit& visit) {
    constexpr int kSize = kOutput / kStep;
    const int height = tiles.output_height / kStep;
    const int width = tiles.output_width / kStep;
    const int first_row = tile.row * kSize;
    const int first_column = tile.column * kSize;
    const int rows = height - first_row < kSize ? height - first_row : kSize;
    const int columns = width - first_column < kSize ? width - first_column : kSize;
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        const int64_t position =
            (int64_t{tile.image} * height + first_row + row) * width + first_column + column;
        visit(row, column, position * tiles.filters + filter);
      }
    }
  }

  template <bool kPooled>
  static void TransformTailGradient(const WinogradTiles& tiles, const WinogradBlock& block,
                                    const WinogradTailGradient& tail, int64_t stride,
                                    float* transformed) {
    ForEachTile(tiles, block, [&](const Tile& tile) LOCKSTEP_INLINE_LAMBDA {
      for (int filter = 0; filter < tiles.filters; filter += kLanes) {
        Outputs gradients = {};
        if (kPooled) {
          LoadPooled(tiles, tile, filter, tail, &gradients);
        } else {
          LoadRectified(tiles, tile, filter, tail, &gradients);
        }
        Transform2d<kOutput, kTile>(
            [&](int row, Floats* in) LOCKSTEP_INLINE_LAMBDA {
              for (int column = 0; column < kOutput; ++column) {
                in[column] = gradients[row][column];
              }
            },
            OutputToTile<kTile, kOutput>,
            [&](int column, const Floats* out) LOCKSTEP_INLINE_LAMBDA {
              StoreColumn(out, column, stride, transformed + tile.number * tiles.filters + filter);
            });
      }
    });
  }

  static LOCKSTEP_INLINE void LoadRectified(const WinogradTiles& tiles, const Tile& tile,
                                            int filter, const WinogradTailGradient& tail,
                                            Outputs* gradients) {
    float* const bias_gradient = tail.bias_gradient + filter;
    Floats sum = Load(bias_gradient);
    ForEachOutput<1>(tiles, tile, filter,
                     [&](int row, int column, int64_t offset) LOCKSTEP_INLINE_LAMBDA {
                       const Floats gradient =
                           Load(tail.output + offset) > 0 ? Load(tail.gradient + offset) : Floats{};
                       (*gradients)[row][column] = gradient;
                       sum += gradient;
                     });
    Store(sum, bias_gradient);
  }

  static LOCKSTEP_INLINE void LoadPooled(const WinogradTiles& tiles, const Tile& tile, int filter,
                                         const WinogradTailGradient& tail, Outputs* gradients) {
    float* const bias_gradient = tail.bias_gradient + filter;
    Floats sum = Load(bias_gradient);
    ForEachOutput<2>(
        tiles, tile, filter, [&](int row, int column, int64_t offset) LOCKSTEP_INLINE_LAMBDA {
          const Floats gradient = Load(tail.gradient + offset);
          const Ints position = LoadBytes(tail.kept + offset);
          for (int i = 0; i < 4; ++i) {
            (*gradients)[2 * row + i / 2][2 * column + i % 2] = position == i ? gradient : Floats{};
          }
          sum += position < kNowhere ? gradient : Floats{};
        });
    Store(sum, bias_gradient);
  }

  static void TransformOutputTailOf(const WinogradTiles& tiles, const WinogradBlock& block,
                                    const float* transformed, int64_t stride,
                                    const WinogradTail& tail) {
    (tail.pooled ? TransformOutputTail<true>
                 : TransformOutputTail<false>)(tiles, block, transformed, stride, tail);
  }

  static void TransformTailGradientOf(const WinogradTiles& tiles, const WinogradBlock& block,
                                      const WinogradTailGradient& tail, int64_t stride,
                                      float* transformed) {
    (tail.pooled ? TransformTailGradient<true> : TransformTailGradient<false>)(tiles, block, tail,
                                                                               stride, transformed);
  }

  // The data of tiles overlap: a tile adds where the ones above and to the left have been.
  static void InputGradient(const WinogradTiles& tiles, const WinogradBlock& block,
                            const float* transformed, int64_t stride, float* gradient) {
    ForEachTile(tiles, block, [&](const Tile& tile) LOCKSTEP_INLINE_LAMBDA {
      const float* const tile_row = transformed + tile.number * tiles.channels;
      const Window<kTile> window = DataOf(tiles, tile, gradient);
      if (window.inside() && tile.row > 0 && tile.column > 0) {
        TileToWindow<true>(tile_row, stride, TileToData<kTile>, tiles.channels, window,
                           [](int row, int column) LOCKSTEP_INLINE_LAMBDA {
                             return row < kOverlap || column < kOverlap;
                           });
      } else {
        TileToWindow<false>(tile_row, stride, TileToData<kTile>, tiles.channels, window,
                            [&](int row, int column) LOCKSTEP_INLINE_LAMBDA {
                              return (row < kOverlap && tile.row > 0) ||
                                     (column < kOverlap && tile.column > 0);
                            });
      }
    });
  }

  static constexpr WinogradKernels kKernels{.filter_size = kFilter,
                                            .output_size = kOutput,
                                            .transform_weights = TransformWeights,
                                            .add_weight_gradient = AddWeightGradient,
                                            .transform_input = TransformInput,
                                            .transform_output = TransformOutput,
                                            .transform_output_gradient = TransformOutputGradient,
                                            .transform_output_tail = TransformOutputTailOf,
                                            .transform_tail_gradient = TransformTailGradientOf,
                                            .input_gradient = InputGradient};
};

}  // namespace

const WinogradKernels kWinograd3And3 = Winograd<5, 3>::kKernels;
const WinogradKernels kWinograd4And3 = Winograd<6, 3>::kKernels;
const WinogradKernels kWinograd5And3 = Winograd<7, 3>::kKernels;
const WinogradKernels kWinograd6And3 = Winograd<8, 3>::kKernels;
const WinogradKernels kWinograd4And5 = Winograd<8, 5>::kKernels;

}  // namespace lockstep::LOCKSTEP_INSTRUCTION_SET
