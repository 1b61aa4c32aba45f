#include "trainer/report/picture.h"

#include <png.h>

#include <algorithm>

#include "trainer/base/check.h"
#include "trainer/report/glyphs.h"

namespace lockstep {
namespace {

constexpr int kGlyphWidth = 5;
constexpr int kGlyphHeight = 7;
constexpr int kAdvance = kGlyphWidth + 1;

size_t Offset(int x, int y, int width) {
  return 3 * (static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x));
}

}  // namespace

Picture::Picture(int width, int height, Colour background) : width_(width), height_(height) {
  CHECK_GE(width, 1);
  CHECK_GE(height, 1);
  bytes_.resize(Offset(0, height, width));
  Fill(0, 0, width, height, background);
}

Colour Picture::At(int x, int y) const {
  const uint8_t* const pixel = &bytes_.at(Offset(x, y, width_));
  return {pixel[0], pixel[1], pixel[2]};
}

void Picture::Fill(int x, int y, int width, int height, Colour colour) {
  for (int row = std::max(y, 0); row < std::min(y + height, height_); ++row) {
    for (int column = std::max(x, 0); column < std::min(x + width, width_); ++column) {
      std::ranges::copy(colour, &bytes_[Offset(column, row, width_)]);
    }
  }
}

void Picture::Write(int x, int y, std::string_view text, int scale, Colour colour) {
  for (const char character : text) {
    const Glyph glyph = GlyphOf(character);
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if ((glyph[static_cast<size_t>(row)] >> (kGlyphWidth - 1 - column)) & 1) {
          Fill(x + column * scale, y + row * scale, scale, scale, colour);
        }
      }
    }
    x += kAdvance * scale;
  }
}

int Picture::TextWidth(std::string_view text, int scale) {
  return static_cast<int>(text.size()) * kAdvance * scale;
}

int Picture::TextHeight(int scale) { return kGlyphHeight * scale; }

std::vector<std::byte> Picture::ToPng() const {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width_);
  image.height = static_cast<png_uint_32>(height_);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> file(size);
  CHECK(png_image_write_to_memory(&image, file.data(), &size, /*convert_to_8_bit=*/0, bytes_.data(),
                                  /*row_stride=*/0, /*colormap=*/nullptr) != 0);
  file.resize(size);
  return file;
}

}  // namespace lockstep
