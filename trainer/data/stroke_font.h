#pragma once

#include <cstdint>
#include <span>

namespace lockstep {

// How the pen comes to a point of a glyph.
enum class Pen : uint8_t {
  kMove,    // lifted: a new stroke starts here
  kSmooth,  // drawing, and on through the point without a bend
  kCorner,  // drawing, and may leave in any direction
};

// In the glyph's box: x from 0, left, to 1; y from 0, top, to 1.
struct GlyphPoint {
  Pen pen = Pen::kMove;
  float x = 0.0F;
  float y = 0.0F;
};

// The skeleton of one way to write a digit; starts with kMove.
using Glyph = std::span<const GlyphPoint>;

// No glyph has more points.
inline constexpr int kMostGlyphPoints = 12;

// The ways to write `digit`, each a different movement of the hand. REQUIRES 0 <= digit <= 9.
std::span<const Glyph> GlyphsOf(int digit);

}  // namespace lockstep
