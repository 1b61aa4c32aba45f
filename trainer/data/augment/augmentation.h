#pragma once

#include <cstdint>
#include <optional>

namespace lockstep {

// Displaces each pixel by a smooth random field (Simard et al. 2003): numbers drawn uniformly from
// (-1, 1), blurred by a Gaussian, times alpha.
struct ElasticOptions {
  double sigma = 4;        // standard deviation of the Gaussian, in pixels
  double alpha = 34;       // in pixels
  double probability = 1;  // how often it is applied
};

// Overwrites squares of the image with the fill.
struct CutoutOptions {
  int size = 8;            // side of a square, in pixels
  int count = 1;           // squares
  double probability = 1;  // how often it is applied
};

// What a pixel from beyond the image's edge is.
enum class Outside {
  kFill,  // AugmentationOptions::fill
  kEdge,  // the nearest pixel of the image
};

// What is done to a training sample anew in every epoch; by default nothing. Where a range is
// given, the amount is drawn uniformly from it. trainer/data/augment/README.md fixes the order.
struct AugmentationOptions {
  int crop_padding = 0;         // shifts by whole pixels, up to this many in each direction
  double flip_probability = 0;  // of swapping left and right
  double lowest_scale = 1;      // 2 makes everything twice as large
  double highest_scale = 1;
  bool same_scale = true;         // false: draws height and width apart
  double shear_degrees = 0;       // from -this to this; positive leans to the right
  double rotation_degrees = 0;    // from -this to this; positive turns counter-clockwise
  double translation_pixels = 0;  // from -this to this, in each direction, not whole
  std::optional<ElasticOptions> elastic = {};
  Outside outside = Outside::kFill;
  double fill = 0;        // as white is 1; of pixels stored as floats: in their units
  double brightness = 0;  // adds from -this to this, in units of the fill
  double noise = 0;       // standard deviation of what is added, in units of the fill
  std::optional<CutoutOptions> cutout = {};
  double mix_up_alpha = 0;  // 0: samples are not mixed
};

}  // namespace lockstep
