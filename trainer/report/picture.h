#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lockstep {

using Colour = std::array<uint8_t, 3>;  // red, green, blue

// A picture to draw on: rows from the top, pixels from the left. What does not fit is cut off.
class Picture {
 public:
  // REQUIRES both sides of at least 1.
  Picture(int width, int height, Colour background);

  int width() const { return width_; }
  int height() const { return height_; }
  // Three bytes a pixel.
  std::span<const uint8_t> bytes() const { return bytes_; }
  Colour At(int x, int y) const;

  // Fills the rectangle whose upper left corner is (x, y).
  void Fill(int x, int y, int width, int height, Colour colour);

  // Characters of 5 x 7 squares with `scale` pixels a side, one every 6 squares. Small letters,
  // digits and ".+-%"; others leave a gap.
  void Write(int x, int y, std::string_view text, int scale, Colour colour);
  static int TextWidth(std::string_view text, int scale);
  static int TextHeight(int scale);

  // The picture as a PNG file. Equal pictures give equal bytes.
  std::vector<std::byte> ToPng() const;

 private:
  int width_;
  int height_;
  std::vector<uint8_t> bytes_;
};

}  // namespace lockstep
