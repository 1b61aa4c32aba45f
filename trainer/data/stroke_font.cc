#include "trainer/data/stroke_font.h"

#include <array>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

using enum Pen;

constexpr std::array<GlyphPoint, 9> kZeroOval = {{
    {kMove, 0.56F, 0.03F},
    {kSmooth, 0.3F, 0.14F},
    {kSmooth, 0.18F, 0.52F},
    {kSmooth, 0.34F, 0.93F},
    {kSmooth, 0.62F, 0.95F},
    {kSmooth, 0.81F, 0.55F},
    {kSmooth, 0.73F, 0.14F},
    {kSmooth, 0.52F, 0.03F},
    {kSmooth, 0.4F, 0.09F},
}};
constexpr std::array<GlyphPoint, 8> kZeroNarrow = {{
    {kMove, 0.64F, 0.08F},
    {kSmooth, 0.42F, 0.03F},
    {kSmooth, 0.27F, 0.35F},
    {kSmooth, 0.29F, 0.76F},
    {kSmooth, 0.48F, 0.98F},
    {kSmooth, 0.69F, 0.78F},
    {kSmooth, 0.73F, 0.36F},
    {kSmooth, 0.6F, 0.06F},
}};
constexpr std::array<GlyphPoint, 8> kZeroRound = {{
    {kMove, 0.42F, 0.05F},
    {kSmooth, 0.14F, 0.3F},
    {kSmooth, 0.14F, 0.7F},
    {kSmooth, 0.45F, 0.98F},
    {kSmooth, 0.8F, 0.78F},
    {kSmooth, 0.86F, 0.35F},
    {kSmooth, 0.62F, 0.05F},
    {kSmooth, 0.36F, 0.07F},
}};
constexpr std::array<GlyphPoint, 3> kOneLine = {{
    {kMove, 0.52F, 0.0F},
    {kSmooth, 0.49F, 0.5F},
    {kSmooth, 0.48F, 1.0F},
}};
constexpr std::array<GlyphPoint, 5> kOneFlag = {{
    {kMove, 0.32F, 0.24F},
    {kSmooth, 0.44F, 0.14F},
    {kCorner, 0.54F, 0.0F},
    {kSmooth, 0.52F, 0.5F},
    {kSmooth, 0.51F, 1.0F},
}};
constexpr std::array<GlyphPoint, 7> kOneFoot = {{
    {kMove, 0.3F, 0.22F},
    {kCorner, 0.52F, 0.0F},
    {kSmooth, 0.52F, 0.5F},
    {kSmooth, 0.51F, 0.97F},
    {kMove, 0.24F, 0.98F},
    {kSmooth, 0.5F, 0.97F},
    {kSmooth, 0.8F, 0.97F},
}};
constexpr std::array<GlyphPoint, 8> kTwoFlat = {{
    {kMove, 0.2F, 0.26F},
    {kSmooth, 0.36F, 0.04F},
    {kSmooth, 0.64F, 0.03F},
    {kSmooth, 0.77F, 0.26F},
    {kSmooth, 0.58F, 0.58F},
    {kCorner, 0.19F, 0.96F},
    {kSmooth, 0.5F, 0.96F},
    {kSmooth, 0.83F, 0.95F},
}};
constexpr std::array<GlyphPoint, 10> kTwoLoop = {{
    {kMove, 0.22F, 0.24F},
    {kSmooth, 0.46F, 0.02F},
    {kSmooth, 0.75F, 0.18F},
    {kSmooth, 0.65F, 0.52F},
    {kSmooth, 0.38F, 0.86F},
    {kSmooth, 0.2F, 0.94F},
    {kSmooth, 0.18F, 0.8F},
    {kSmooth, 0.4F, 0.8F},
    {kSmooth, 0.62F, 0.93F},
    {kSmooth, 0.86F, 0.92F},
}};
constexpr std::array<GlyphPoint, 7> kTwoSharp = {{
    {kMove, 0.22F, 0.14F},
    {kSmooth, 0.5F, 0.02F},
    {kSmooth, 0.74F, 0.18F},
    {kSmooth, 0.56F, 0.5F},
    {kCorner, 0.22F, 0.92F},
    {kSmooth, 0.52F, 0.88F},
    {kSmooth, 0.84F, 0.94F},
}};
constexpr std::array<GlyphPoint, 9> kThreeBows = {{
    {kMove, 0.22F, 0.14F},
    {kSmooth, 0.48F, 0.0F},
    {kSmooth, 0.74F, 0.18F},
    {kSmooth, 0.62F, 0.4F},
    {kCorner, 0.42F, 0.46F},
    {kSmooth, 0.7F, 0.54F},
    {kSmooth, 0.8F, 0.76F},
    {kSmooth, 0.54F, 0.99F},
    {kSmooth, 0.19F, 0.88F},
}};
constexpr std::array<GlyphPoint, 9> kThreeFlat = {{
    {kMove, 0.22F, 0.04F},
    {kSmooth, 0.48F, 0.04F},
    {kCorner, 0.76F, 0.03F},
    {kSmooth, 0.58F, 0.24F},
    {kCorner, 0.42F, 0.42F},
    {kSmooth, 0.72F, 0.5F},
    {kSmooth, 0.8F, 0.76F},
    {kSmooth, 0.52F, 0.99F},
    {kSmooth, 0.19F, 0.9F},
}};
constexpr std::array<GlyphPoint, 11> kThreeCurl = {{
    {kMove, 0.25F, 0.18F},
    {kSmooth, 0.4F, 0.03F},
    {kSmooth, 0.68F, 0.08F},
    {kSmooth, 0.68F, 0.34F},
    {kSmooth, 0.44F, 0.47F},
    {kSmooth, 0.4F, 0.42F},
    {kSmooth, 0.62F, 0.5F},
    {kSmooth, 0.8F, 0.72F},
    {kSmooth, 0.62F, 0.97F},
    {kSmooth, 0.34F, 0.96F},
    {kSmooth, 0.2F, 0.82F},
}};
constexpr std::array<GlyphPoint, 8> kFourOpen = {{
    {kMove, 0.28F, 0.04F},
    {kSmooth, 0.26F, 0.28F},
    {kCorner, 0.19F, 0.56F},
    {kSmooth, 0.5F, 0.57F},
    {kSmooth, 0.84F, 0.54F},
    {kMove, 0.67F, 0.12F},
    {kSmooth, 0.65F, 0.55F},
    {kSmooth, 0.63F, 1.0F},
}};
constexpr std::array<GlyphPoint, 8> kFourClosed = {{
    {kMove, 0.62F, 0.02F},
    {kSmooth, 0.4F, 0.3F},
    {kCorner, 0.14F, 0.65F},
    {kSmooth, 0.48F, 0.66F},
    {kSmooth, 0.88F, 0.64F},
    {kMove, 0.62F, 0.04F},
    {kSmooth, 0.62F, 0.55F},
    {kSmooth, 0.61F, 1.0F},
}};
constexpr std::array<GlyphPoint, 8> kFourRound = {{
    {kMove, 0.25F, 0.06F},
    {kSmooth, 0.2F, 0.34F},
    {kSmooth, 0.38F, 0.52F},
    {kSmooth, 0.6F, 0.48F},
    {kSmooth, 0.75F, 0.34F},
    {kMove, 0.79F, 0.02F},
    {kSmooth, 0.72F, 0.5F},
    {kSmooth, 0.66F, 1.0F},
}};
constexpr std::array<GlyphPoint, 9> kFiveHook = {{
    {kMove, 0.78F, 0.04F},
    {kSmooth, 0.54F, 0.04F},
    {kCorner, 0.3F, 0.05F},
    {kCorner, 0.26F, 0.45F},
    {kSmooth, 0.54F, 0.38F},
    {kSmooth, 0.79F, 0.62F},
    {kSmooth, 0.64F, 0.93F},
    {kSmooth, 0.4F, 0.99F},
    {kSmooth, 0.18F, 0.9F},
}};
constexpr std::array<GlyphPoint, 9> kFiveHat = {{
    {kMove, 0.32F, 0.06F},
    {kCorner, 0.28F, 0.44F},
    {kSmooth, 0.6F, 0.4F},
    {kSmooth, 0.79F, 0.68F},
    {kSmooth, 0.56F, 0.98F},
    {kSmooth, 0.2F, 0.91F},
    {kMove, 0.32F, 0.06F},
    {kSmooth, 0.58F, 0.04F},
    {kSmooth, 0.86F, 0.01F},
}};
constexpr std::array<GlyphPoint, 8> kFiveSnake = {{
    {kMove, 0.78F, 0.02F},
    {kSmooth, 0.46F, 0.04F},
    {kSmooth, 0.3F, 0.24F},
    {kSmooth, 0.44F, 0.43F},
    {kSmooth, 0.7F, 0.56F},
    {kSmooth, 0.74F, 0.82F},
    {kSmooth, 0.48F, 0.99F},
    {kSmooth, 0.2F, 0.92F},
}};
constexpr std::array<GlyphPoint, 8> kSixSweep = {{
    {kMove, 0.68F, 0.02F},
    {kSmooth, 0.4F, 0.24F},
    {kSmooth, 0.22F, 0.64F},
    {kSmooth, 0.36F, 0.95F},
    {kSmooth, 0.66F, 0.94F},
    {kSmooth, 0.77F, 0.7F},
    {kSmooth, 0.56F, 0.53F},
    {kSmooth, 0.28F, 0.72F},
}};
constexpr std::array<GlyphPoint, 8> kSixStem = {{
    {kMove, 0.48F, 0.0F},
    {kSmooth, 0.32F, 0.34F},
    {kSmooth, 0.26F, 0.72F},
    {kSmooth, 0.46F, 0.99F},
    {kSmooth, 0.72F, 0.86F},
    {kSmooth, 0.66F, 0.62F},
    {kSmooth, 0.44F, 0.61F},
    {kSmooth, 0.28F, 0.8F},
}};
constexpr std::array<GlyphPoint, 9> kSixCurl = {{
    {kMove, 0.76F, 0.12F},
    {kSmooth, 0.58F, 0.01F},
    {kSmooth, 0.32F, 0.26F},
    {kSmooth, 0.22F, 0.66F},
    {kSmooth, 0.42F, 0.98F},
    {kSmooth, 0.74F, 0.84F},
    {kSmooth, 0.64F, 0.57F},
    {kSmooth, 0.4F, 0.56F},
    {kSmooth, 0.25F, 0.7F},
}};
constexpr std::array<GlyphPoint, 5> kSevenPlain = {{
    {kMove, 0.2F, 0.06F},
    {kSmooth, 0.5F, 0.05F},
    {kCorner, 0.8F, 0.04F},
    {kSmooth, 0.6F, 0.5F},
    {kSmooth, 0.46F, 1.0F},
}};
constexpr std::array<GlyphPoint, 8> kSevenBar = {{
    {kMove, 0.18F, 0.07F},
    {kSmooth, 0.5F, 0.04F},
    {kCorner, 0.79F, 0.05F},
    {kSmooth, 0.6F, 0.48F},
    {kSmooth, 0.44F, 1.0F},
    {kMove, 0.34F, 0.52F},
    {kSmooth, 0.54F, 0.49F},
    {kSmooth, 0.76F, 0.49F},
}};
constexpr std::array<GlyphPoint, 6> kSevenHook = {{
    {kMove, 0.19F, 0.22F},
    {kCorner, 0.2F, 0.06F},
    {kSmooth, 0.48F, 0.08F},
    {kCorner, 0.8F, 0.03F},
    {kSmooth, 0.58F, 0.4F},
    {kSmooth, 0.5F, 1.0F},
}};
constexpr std::array<GlyphPoint, 10> kEightLoop = {{
    {kMove, 0.7F, 0.14F},
    {kSmooth, 0.46F, 0.0F},
    {kSmooth, 0.28F, 0.2F},
    {kSmooth, 0.5F, 0.45F},
    {kSmooth, 0.76F, 0.74F},
    {kSmooth, 0.52F, 1.0F},
    {kSmooth, 0.25F, 0.78F},
    {kSmooth, 0.46F, 0.5F},
    {kSmooth, 0.72F, 0.24F},
    {kSmooth, 0.62F, 0.05F},
}};
constexpr std::array<GlyphPoint, 10> kEightRings = {{
    {kMove, 0.5F, 0.01F},
    {kSmooth, 0.28F, 0.22F},
    {kSmooth, 0.5F, 0.45F},
    {kSmooth, 0.71F, 0.23F},
    {kSmooth, 0.48F, 0.0F},
    {kMove, 0.5F, 0.45F},
    {kSmooth, 0.24F, 0.72F},
    {kSmooth, 0.5F, 1.0F},
    {kSmooth, 0.77F, 0.73F},
    {kSmooth, 0.49F, 0.44F},
}};
constexpr std::array<GlyphPoint, 10> kEightTail = {{
    {kMove, 0.8F, 0.06F},
    {kSmooth, 0.56F, 0.02F},
    {kSmooth, 0.3F, 0.18F},
    {kSmooth, 0.44F, 0.42F},
    {kSmooth, 0.72F, 0.68F},
    {kSmooth, 0.62F, 0.96F},
    {kSmooth, 0.32F, 0.92F},
    {kSmooth, 0.32F, 0.66F},
    {kSmooth, 0.6F, 0.4F},
    {kSmooth, 0.82F, 0.08F},
}};
constexpr std::array<GlyphPoint, 8> kNineHook = {{
    {kMove, 0.72F, 0.16F},
    {kSmooth, 0.48F, 0.02F},
    {kSmooth, 0.26F, 0.24F},
    {kSmooth, 0.4F, 0.47F},
    {kSmooth, 0.64F, 0.4F},
    {kCorner, 0.74F, 0.14F},
    {kSmooth, 0.72F, 0.6F},
    {kSmooth, 0.62F, 1.0F},
}};
constexpr std::array<GlyphPoint, 8> kNineStem = {{
    {kMove, 0.74F, 0.16F},
    {kSmooth, 0.46F, 0.02F},
    {kSmooth, 0.24F, 0.26F},
    {kSmooth, 0.44F, 0.5F},
    {kSmooth, 0.72F, 0.32F},
    {kMove, 0.76F, 0.06F},
    {kSmooth, 0.74F, 0.5F},
    {kSmooth, 0.73F, 1.0F},
}};
constexpr std::array<GlyphPoint, 9> kNineTail = {{
    {kMove, 0.73F, 0.2F},
    {kSmooth, 0.52F, 0.02F},
    {kSmooth, 0.27F, 0.2F},
    {kSmooth, 0.38F, 0.46F},
    {kSmooth, 0.66F, 0.36F},
    {kCorner, 0.75F, 0.16F},
    {kSmooth, 0.76F, 0.62F},
    {kSmooth, 0.58F, 0.96F},
    {kSmooth, 0.28F, 0.9F},
}};
constexpr std::array<Glyph, 3> kZero = {kZeroOval, kZeroNarrow, kZeroRound};
constexpr std::array<Glyph, 3> kOne = {kOneLine, kOneFlag, kOneFoot};
constexpr std::array<Glyph, 3> kTwo = {kTwoFlat, kTwoLoop, kTwoSharp};
constexpr std::array<Glyph, 3> kThree = {kThreeBows, kThreeFlat, kThreeCurl};
constexpr std::array<Glyph, 3> kFour = {kFourOpen, kFourClosed, kFourRound};
constexpr std::array<Glyph, 3> kFive = {kFiveHook, kFiveHat, kFiveSnake};
constexpr std::array<Glyph, 3> kSix = {kSixSweep, kSixStem, kSixCurl};
constexpr std::array<Glyph, 3> kSeven = {kSevenPlain, kSevenBar, kSevenHook};
constexpr std::array<Glyph, 3> kEight = {kEightLoop, kEightRings, kEightTail};
constexpr std::array<Glyph, 3> kNine = {kNineHook, kNineStem, kNineTail};

constexpr std::array<std::span<const Glyph>, 10> kDigits = {kZero, kOne, kTwo,   kThree, kFour,
                                                            kFive, kSix, kSeven, kEight, kNine};

}  // namespace

std::span<const Glyph> GlyphsOf(int digit) {
  CHECK_GE(digit, 0);
  CHECK_LE(digit, 9);
  return kDigits[static_cast<size_t>(digit)];
}

}  // namespace lockstep
