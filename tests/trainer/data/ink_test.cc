#include "trainer/data/ink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace lockstep {
namespace {

using testing::Each;
using testing::ElementsAreArray;

float Pixel(const Sheet& sheet, int row, int column) {
  return sheet.ink()[static_cast<size_t>(row) * Sheet::kSide + static_cast<size_t>(column)];
}

// Along y = 10, from x = 5 to x = 15, three pixels thick.
TEST(Sheet, ALineIsDarkWithinItsRadiusAndFadesAcrossItsEdge) {
  Sheet sheet;
  sheet.Draw({.x = 5, .y = 10, .radius = 1.5F}, {.x = 15, .y = 10, .radius = 1.5F}, 2.0F);
  EXPECT_EQ(Pixel(sheet, 9, 10), 1.0F);   // centre 0.5 above the line
  EXPECT_EQ(Pixel(sheet, 8, 10), 0.5F);   // 1.5 above: on the edge
  EXPECT_EQ(Pixel(sheet, 7, 10), 0.0F);   // 2.5 above: where the fade ends
  EXPECT_EQ(Pixel(sheet, 11, 10), 0.5F);  // the same below
  EXPECT_EQ(Pixel(sheet, 10, 17), 0.0F);  // beyond the end
  EXPECT_GT(Pixel(sheet, 10, 15), 0.5F);  // the round tip
}

TEST(Sheet, TheRadiusChangesEvenlyAlongAPiece) {
  Sheet sheet;
  sheet.Draw({.x = 4.5F, .y = 14, .radius = 1.0F}, {.x = 24.5F, .y = 14, .radius = 3.0F}, 1.0F);
  EXPECT_EQ(Pixel(sheet, 12, 4), 0.0F);   // 1.5 above, where the radius is 1
  EXPECT_EQ(Pixel(sheet, 12, 14), 1.0F);  // where it is 2
  EXPECT_EQ(Pixel(sheet, 11, 14), 0.0F);  // 2.5 above
  EXPECT_EQ(Pixel(sheet, 11, 24), 1.0F);  // where it is 3
}

TEST(Sheet, APieceWithoutLengthIsADot) {
  Sheet sheet;
  const Sheet::Tip tip = {.x = 10.5F, .y = 10.5F, .radius = 1.0F};
  sheet.Draw(tip, tip, 1.0F);
  EXPECT_EQ(Pixel(sheet, 10, 10), 1.0F);
  EXPECT_EQ(Pixel(sheet, 10, 11), 0.5F);
  EXPECT_EQ(Pixel(sheet, 9, 10), 0.5F);
  EXPECT_EQ(Pixel(sheet, 10, 12), 0.0F);
}

TEST(Sheet, DrawingTwiceIsNotDarker) {
  Sheet sheet;
  const Sheet::Tip from = {.x = 3, .y = 4, .radius = 1.2F};
  const Sheet::Tip to = {.x = 20, .y = 23, .radius = 0.8F};
  sheet.Draw(from, to, 1.5F);
  const std::vector<float> once(sheet.ink().begin(), sheet.ink().end());
  sheet.Draw(from, to, 1.5F);
  EXPECT_THAT(sheet.ink(), ElementsAreArray(once));
}

TEST(Sheet, WhatLiesBesideItLeavesNoTrace) {
  Sheet sheet;
  sheet.Draw({.x = -90, .y = -5}, {.x = 200, .y = -5}, 1.0F);
  sheet.Draw({.x = 40, .y = 3}, {.x = 40, .y = 1e6F}, 1.0F);
  EXPECT_THAT(sheet.ink(), Each(0.0F));
  sheet.Draw({.x = -90, .y = 14}, {.x = 200, .y = 14}, 1.0F);
  EXPECT_GT(Pixel(sheet, 14, 0), 0.9F);
  EXPECT_GT(Pixel(sheet, 14, 27), 0.9F);
}

}  // namespace
}  // namespace lockstep
