#pragma once

#include <stdint.h>  // NOLINT: see vectors.h

// The two-dimensional transforms of Winograd convolutions, stride 1, over NHWC images. Channels and
// filters are multiples of 16.

namespace lockstep {

// The images of a convolution and the tiles that cover its output, row by row. A tile's outputs are
// m x m pixels, its data (m + r - 1) x (m + r - 1) for an r x r kernel, beginning `padding` pixels
// above and to the left of its outputs' place.
struct WinogradTiles {
  int height;  // of the input
  int width;
  int channels;
  int output_height;
  int output_width;
  int filters;
  int padding_height;
  int padding_width;
  int columns;  // tiles from left to right
};

// Tiles that are transformed together: whole rows of tiles of some images.
struct WinogradBlock {
  int images;
  int first_row;
  int rows;
};

// What is done with the outputs while they are at hand: bias, relu and, where `pooled` is set, 2x2
// max pooling with stride 2, for which tiles must have an even number of outputs. Images of the
// output are then those of the pooling.
struct WinogradTail {
  const float* bias;  // of every filter
  float* output;      // written; from the block's first image on, whole
  uint8_t* kept;      // pooled: where every largest number was, for the gradient; or nullptr
  bool pooled;
};

// The gradient by a tail's output, and what it needs to go back through the tail.
struct WinogradTailGradient {
  const float* gradient;
  const float* output;   // of the tail; used where it is not pooled
  const uint8_t* kept;   // used where it is pooled
  float* bias_gradient;  // added to
  bool pooled;
};

// Transformed numbers lie as one matrix for each of the tile's (m + r - 1)^2 points; matrices begin
// `stride` floats apart. Rows of those of data and of products are tiles: image by image, row by
// row of the block; their columns are channels or filters. Rows of those of weights are channels,
// columns filters. Images are given from the block's first on, whole.
struct WinogradKernels {
  int filter_size;  // r
  int output_size;  // m

  // weights, r x r x `count` (channels times filters), to `transformed`.
  void (*transform_weights)(const float* weights, int64_t count, int64_t stride,
                            float* transformed);
  // The other way, for the gradient. Added to `gradient`.
  void (*add_weight_gradient)(const float* transformed, int64_t count, int64_t stride,
                              float* gradient);

  void (*transform_input)(const WinogradTiles& tiles, const WinogradBlock& block,
                          const float* input, int64_t stride, float* transformed);
  // Writes the block's part of `output`.
  void (*transform_output)(const WinogradTiles& tiles, const WinogradBlock& block,
                           const float* transformed, int64_t stride, float* output);
  void (*transform_output_gradient)(const WinogradTiles& tiles, const WinogradBlock& block,
                                    const float* gradient, int64_t stride, float* transformed);
  void (*transform_output_tail)(const WinogradTiles& tiles, const WinogradBlock& block,
                                const float* transformed, int64_t stride, const WinogradTail& tail);
  void (*transform_tail_gradient)(const WinogradTiles& tiles, const WinogradBlock& block,
                                  const WinogradTailGradient& tail, int64_t stride,
                                  float* transformed);
  // Writes the block's part of `gradient`, after those of the blocks before: adds to what these and
  // this one's data share. All of the image has been written after its last block.
  void (*input_gradient)(const WinogradTiles& tiles, const WinogradBlock& block,
                         const float* transformed, int64_t stride, float* gradient);
};

}  // namespace lockstep
