#pragma once

#include <array>
#include <cstdint>

namespace lockstep {

// Seven rows of five pixels from the top, the highest of five bits on the left.
using Glyph = std::array<uint8_t, 7>;

// How a character looks: small letters, digits and ".+-%"; all others are empty.
Glyph GlyphOf(char character);

}  // namespace lockstep
