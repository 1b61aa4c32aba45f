#include "trainer/report/sample_sheet.h"

#include <gtest/gtest.h>

#include <vector>

namespace lockstep {
namespace {

// Images of 2 x 1 pixels, red and green, in 2 rows and 3 columns.
SampleSheet SmallSheet() {
  SampleSheet sheet{.image_width = 2, .image_height = 1, .columns = {"a", "b", "c"}, .rows = {}};
  for (const char* const name : {"one", "two"}) {
    sheet.rows.push_back({.lines = {name}, .images = {}});
    sheet.rows.back().images.assign(3, {.pixels = {255, 0, 0, 0, 255, 0}});
  }
  return sheet;
}

int Count(const Picture& picture, Colour colour) {
  int count = 0;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      count += picture.At(x, y) == colour ? 1 : 0;
    }
  }
  return count;
}

TEST(SampleSheet, SmallImagesAreEnlarged) {
  SampleSheet sheet = SmallSheet();
  EXPECT_EQ(EnlargementOf(sheet), 48);
  sheet.image_height = 33;
  EXPECT_EQ(EnlargementOf(sheet), 2);
  sheet.image_width = 500;
  EXPECT_EQ(EnlargementOf(sheet), 1);
}

TEST(SampleSheet, HoldsEveryPixelOfEveryImage) {
  const Picture picture = DrawSheet(SmallSheet());
  EXPECT_EQ(Count(picture, {255, 0, 0}), 6 * 48 * 48);
  EXPECT_EQ(Count(picture, {0, 255, 0}), 6 * 48 * 48);
}

TEST(SampleSheet, NamesAndCaptionsAreWritten) {
  const SampleSheet named = SmallSheet();
  SampleSheet nameless = named;
  nameless.rows[1].lines = {"   "};
  SampleSheet captioned = named;
  captioned.rows[0].images[1].caption = "x";
  const Colour ink = {40, 40, 40};
  const int letters = Count(DrawSheet(named), ink);
  EXPECT_LT(Count(DrawSheet(nameless), ink), letters);
  EXPECT_EQ(Count(DrawSheet(captioned), ink), letters + 4 * 9);  // an x has nine squares
}

}  // namespace
}  // namespace lockstep
