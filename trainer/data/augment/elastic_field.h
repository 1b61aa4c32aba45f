#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trainer/base/random.h"
#include "trainer/data/augment/augmentation.h"

namespace lockstep {

// Smooth random displacements (Simard et al., "Best practices for convolutional neural networks",
// ICDAR 2003): in each direction, numbers drawn uniformly from (-1, 1), blurred by a Gaussian of
// standard deviation sigma (cut off at 3 sigma) and multiplied by alpha. There are numbers beyond
// the edges too, so that displacements have the same spread everywhere: their standard deviation is
//   0.163 alpha / sigma pixels, which is alpha / (sigma * sqrt(12 pi)), for sigma from 1 on,
// and those of pixels d apart have a correlation of exp(-(d / 2 sigma)^2).
//
// One number a pixel is more than the blur lets through: from sigma = 2 on they are drawn for every
// floor(sigma)-th pixel of both directions only, each weighing as much more, and the blur is
// evaluated at every pixel. That changes the spread by less than 1 in 10,000.
//
// Memory is allocated once; not thread-safe.
class ElasticField {
 public:
  // Rows of displacements are a multiple of this long; what is behind the last pixel means nothing.
  static constexpr int kRowUnit = 16;

  // REQUIRES height and width of at least 1, sigma above 0.
  ElasticField(int height, int width, const ElasticOptions& options);

  // Draws a new field, which depends on the stream alone.
  void Draw(const RandomStream& stream);

  // How far the pixels of row `y` of the last field drawn are displaced, to the right and down, in
  // pixels.
  std::span<const float> Rightward(int y) const;
  std::span<const float> Downward(int y) const;

 private:
  // Lines of numbers one after the other, each cut in two halves.
  struct Lines {
    Lines(size_t count, size_t half_length);

    float* line(size_t i) { return &values[i * 2 * half]; }
    const float* line(size_t i) const { return &values[i * 2 * half]; }

    size_t half;  // a multiple of kRowUnit
    std::vector<float> values;
  };

  // What the pixels along one direction see of the numbers drawn.
  struct Blur {
    Blur(int length, const ElasticOptions& options, double factor);

    size_t nodes;                // places along the direction for which numbers are drawn
    size_t taps;                 // numbers that a pixel sees
    std::vector<size_t> first;   // the first of them, one a pixel
    std::vector<float> weights;  // taps a pixel
  };

  static void Apply(const Blur& blur, const Lines& in, Lines* out);

  Blur along_x_;
  Blur along_y_;
  // The first half of each line is about displacements to the right, the second about those down.
  Lines drawn_;         // a line a node along x, of the nodes along y
  Lines half_blurred_;  // a line a pixel along x, of the nodes along y
  Lines turned_;        // a line a node along y, of the pixels along x
  Lines field_;         // a line a row, of the pixels along x
};

}  // namespace lockstep
