#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/augment/affine_map.h"
#include "trainer/data/augment/augmentation.h"
#include "trainer/data/augment/elastic_field.h"
#include "trainer/data/dataset.h"

namespace lockstep {

// Takes an image's pixels from other places of it, with bilinear interpolation: a pixel from
// between four others is their mean, weighted by how near they are. Pixels from whole places are
// exact. Beyond the edges are more pixels: the fill, or copies of the nearest pixel of the image.
// Memory is allocated once; not thread-safe.
class Resampler {
 public:
  // `fill`: one value a channel.
  Resampler(const ImageShape& shape, Outside outside, std::span<const float> fill);

  // Each pixel of `image` (height, width, channels; finite) becomes the pixel at the place of the
  // old image that `map` says, moved by the displacements of `field`, unless that is nullptr.
  void Apply(const AffineMap& map, const ElasticField* field, std::span<float> image);

 private:
  // Where the pixels of one row come from; a multiple of ElasticField::kRowUnit.
  struct Places {
    std::vector<int32_t> offset;  // of the upper left of four pixels, in source_
    std::vector<float> right;     // weights of the right two, and of the lower two
    std::vector<float> down;
  };

  void CopySource(std::span<const float> image);
  void FindPlaces(const AffineMap& map, const ElasticField* field, int row);
  void InterpolateGrey(float* out);
  void InterpolateColours(float* out) const;

  ImageShape shape_;
  Outside outside_;
  size_t pitch_;                // numbers in a row of source_
  std::vector<float> source_;   // the image with one pixel before it and two behind it, both ways
  std::vector<float> nowhere_;  // displacements of 0
  Places places_;
  std::vector<float> upper_;  // of grey images: the upper two of the four of each pixel of a row
  std::vector<float> lower_;
};

}  // namespace lockstep
