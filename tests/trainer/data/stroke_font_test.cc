#include "trainer/data/stroke_font.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

TEST(StrokeFont, EveryDigitCanBeWrittenInSeveralWays) {
  for (int digit = 0; digit < 10; ++digit) {
    EXPECT_GE(GlyphsOf(digit).size(), 3U) << digit;
  }
}

TEST(StrokeFont, GlyphsStartWithAMoveAndStayInTheirBox) {
  for (int digit = 0; digit < 10; ++digit) {
    for (const Glyph& glyph : GlyphsOf(digit)) {
      ASSERT_GE(glyph.size(), 2U);
      ASSERT_LE(glyph.size(), size_t{kMostGlyphPoints});
      EXPECT_EQ(glyph.front().pen, Pen::kMove);
      EXPECT_NE(glyph.back().pen, Pen::kMove);
      for (const GlyphPoint& point : glyph) {
        EXPECT_GE(std::min(point.x, point.y), 0.0F) << digit;
        EXPECT_LE(std::max(point.x, point.y), 1.0F) << digit;
      }
    }
  }
}

TEST(StrokeFont, GlyphsFillTheHeightOfTheirBox) {
  for (int digit = 0; digit < 10; ++digit) {
    for (const Glyph& glyph : GlyphsOf(digit)) {
      const auto [top, bottom] = std::ranges::minmax(glyph, {}, &GlyphPoint::y);
      EXPECT_LE(top.y, 0.1F) << digit;
      EXPECT_GE(bottom.y, 0.9F) << digit;
    }
  }
}

TEST(StrokeFont, KnowsTenDigitsOnly) {
  EXPECT_THROW(GlyphsOf(10), CheckFailure);
  EXPECT_THROW(GlyphsOf(-1), CheckFailure);
}

}  // namespace
}  // namespace lockstep
