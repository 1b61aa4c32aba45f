#pragma once

#include "trainer/data/dataset.h"

namespace lockstep {

// Which place of the source each pixel of the result takes its value from. x counts columns from
// the left, y rows from the top; pixel centres lie at whole numbers, the first at (0, 0):
//   source_x = xx * x + xy * y + x0,  source_y = yx * x + yy * y + y0.
struct AffineMap {
  double xx = 1;
  double xy = 0;
  double x0 = 0;
  double yx = 0;
  double yy = 1;
  double y0 = 0;

  bool operator==(const AffineMap&) const = default;
};

// What happens to an image, in this order, as one looks at it. Turning, scaling and leaning leave
// the image's centre, ((width - 1) / 2, (height - 1) / 2), where it is.
struct AffineChange {
  int crop_x = 0;               // the window on the image moves to the right by so many pixels
  int crop_y = 0;               // .. down
  bool flip = false;            // left and right change places
  double scale_x = 1;           // above 1: wider
  double scale_y = 1;           // above 1: taller
  double shear_degrees = 0;     // positive: the top leans to the right
  double rotation_degrees = 0;  // positive: counter-clockwise
  double shift_x = 0;           // to the right, in pixels
  double shift_y = 0;           // down, in pixels
};

// The map that brings a change about. Exact (without rounding) where the change is: turns by
// multiples of 90 degrees, flips, shifts by whole pixels. REQUIRES scales above 0 and a shear
// between -90 and 90 degrees.
AffineMap SourceOf(const AffineChange& change, const ImageShape& shape);

}  // namespace lockstep
