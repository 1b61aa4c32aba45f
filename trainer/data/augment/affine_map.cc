#include "trainer/data/augment/affine_map.h"

#include <cmath>
#include <numbers>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

struct Direction {
  double cosine;
  double sine;
};

// Exact at multiples of 90 degrees.
Direction DirectionOf(double degrees) {
  const double quarters = std::nearbyint(degrees / 90);
  const double rest = (degrees - 90 * quarters) * std::numbers::pi / 180;
  Direction direction{.cosine = std::cos(rest), .sine = std::sin(rest)};
  for (auto left = static_cast<int>(std::fmod(quarters, 4) + 4) % 4; left > 0; --left) {
    direction = {.cosine = -direction.sine, .sine = direction.cosine};
  }
  return direction;
}

}  // namespace

AffineMap SourceOf(const AffineChange& change, const ImageShape& shape) {
  CHECK_GT(change.scale_x, 0);
  CHECK_GT(change.scale_y, 0);
  const auto [cosine, sine] = DirectionOf(change.rotation_degrees);
  const double lean = std::tan(change.shear_degrees * std::numbers::pi / 180);
  // From the result back to the source: turn, lean and scale the other way round. Rows run down,
  // so a counter-clockwise turn takes (x, y) to (cosine x + sine y, cosine y - sine x).
  AffineMap map;
  map.yx = sine / change.scale_y;
  map.yy = cosine / change.scale_y;
  map.xx = (cosine + lean * sine) / change.scale_x;
  map.xy = (lean * cosine - sine) / change.scale_x;
  if (change.flip) {
    map.xx = -map.xx;
    map.xy = -map.xy;
  }
  const double centre_x = 0.5 * (shape.width - 1);
  const double centre_y = 0.5 * (shape.height - 1);
  const double from_x = centre_x + change.shift_x;
  const double from_y = centre_y + change.shift_y;
  map.x0 = centre_x + change.crop_x - (map.xx * from_x + map.xy * from_y);
  map.y0 = centre_y + change.crop_y - (map.yx * from_x + map.yy * from_y);
  return map;
}

}  // namespace lockstep
