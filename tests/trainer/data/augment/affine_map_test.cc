#include "trainer/data/augment/affine_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace lockstep {
namespace {

// An image with centre (10, 5).
constexpr ImageShape kMapped{.channels = 1, .height = 11, .width = 21};

struct Place {
  double x;
  double y;
};

// Where the pixel (x, y) of the changed image comes from.
Place Source(const AffineChange& change, double x, double y) {
  const AffineMap map = SourceOf(change, kMapped);
  return {.x = map.xx * x + map.xy * y + map.x0, .y = map.yx * x + map.yy * y + map.y0};
}

void ExpectPlace(const Place& place, double x, double y) {
  EXPECT_NEAR(place.x, x, 1e-12);
  EXPECT_NEAR(place.y, y, 1e-12);
}

TEST(AffineMap, NoChangeIsTheIdentity) { EXPECT_EQ(SourceOf({}, kMapped), AffineMap{}); }

TEST(AffineMap, PositiveRotationTurnsCounterClockwise) {
  // What was right of the centre is above it after a quarter turn.
  const Place place = Source({.rotation_degrees = 90}, 10, 2);
  EXPECT_EQ(place.x, 13);
  EXPECT_EQ(place.y, 5);
}

TEST(AffineMap, QuarterTurnsAreExact) {
  for (const double turns : {-8, -3, -2, -1, 1, 2, 3, 4, 5, 400}) {
    const AffineMap map = SourceOf({.rotation_degrees = 90 * turns}, kMapped);
    for (const double factor : {map.xx, map.xy, map.yx, map.yy}) {
      EXPECT_TRUE(factor == 0 || std::fabs(factor) == 1) << turns << " " << factor;
    }
  }
  EXPECT_EQ(SourceOf({.rotation_degrees = -90}, kMapped),
            SourceOf({.rotation_degrees = 270}, kMapped));
  EXPECT_EQ(SourceOf({.rotation_degrees = 360}, kMapped), AffineMap{});
}

TEST(AffineMap, RotationKeepsTheCentreAndDistances) {
  const AffineChange change{.rotation_degrees = 30};
  ExpectPlace(Source(change, 10, 5), 10, 5);
  ExpectPlace(Source(change, 12, 5), 10 + 2 * std::cos(std::numbers::pi / 6), 6);
}

TEST(AffineMap, ShiftsGoRightAndDown) {
  ExpectPlace(Source({.shift_x = 2.5, .shift_y = -1}, 4, 4), 1.5, 5);
}

TEST(AffineMap, ScalesAboveOneEnlargeAboutTheCentre) {
  const AffineChange change{.scale_x = 2, .scale_y = 4};
  ExpectPlace(Source(change, 14, 1), 12, 4);
  ExpectPlace(Source(change, 10, 5), 10, 5);
}

TEST(AffineMap, PositiveShearLeansTheTopToTheRight) {
  const AffineChange change{.shear_degrees = 45};
  ExpectPlace(Source(change, 12, 3), 10, 3);  // two rows above the centre: from two columns left
  ExpectPlace(Source(change, 10, 5), 10, 5);
  ExpectPlace(Source(change, 7, 8), 10, 8);
}

TEST(AffineMap, FlippingSwapsLeftAndRight) { ExpectPlace(Source({.flip = true}, 0, 3), 20, 3); }

TEST(AffineMap, CroppingMovesTheWindow) {
  ExpectPlace(Source({.crop_x = 2, .crop_y = -3}, 4, 4), 6, 1);
}

TEST(AffineMap, ChangesHappenInTheOrderStated) {
  // Follow the pixel at (13, 4): the window moves it to (11, 4), flipping to (9, 4), scaling to
  // (8, 4), leaning to (9, 4), turning (-1, -1) to (-1, 1), that is to (9, 6), shifting to (14, 6).
  ExpectPlace(Source({.crop_x = 2,
                      .flip = true,
                      .scale_x = 2,
                      .shear_degrees = 45,
                      .rotation_degrees = 90,
                      .shift_x = 5},
                     14, 6),
              13, 4);
}

}  // namespace
}  // namespace lockstep
