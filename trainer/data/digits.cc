#include "trainer/data/digits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "trainer/base/check.h"
#include "trainer/base/random.h"
#include "trainer/data/ink.h"
#include "trainer/data/stroke_font.h"

namespace lockstep {
namespace {

static_assert(kDigitShape.height == Sheet::kSide && kDigitShape.width == Sheet::kSide);

// Streams of one sample: changing what one draws leaves the other as it is.
enum StreamOf : uint16_t { kHandStream = 0, kNoiseStream = 1 };

RandomStream StreamFor(const DigitsOptions& options, DatasetPart part, uint32_t sample,
                       StreamOf layer) {
  return {options.seed,
          {.purpose = Purpose::kDigits,
           .layer = layer,
           .time = part == DatasetPart::kTrain ? 0U : 1U,
           .sample = sample}};
}

// Bell-shaped with mean 0 and standard deviation 1, within -3.5 .. 3.5: the sum of a draw's four
// bytes. Unlike RandomStream::Normal() it needs no logarithm and no cosine, whose last bit differs
// between C libraries.
float Bell(uint32_t draw) {
  const uint32_t sum = (draw & 0xffU) + (draw >> 8 & 0xffU) + (draw >> 16 & 0xffU) + (draw >> 24);
  constexpr float kPerDeviation = 1.0F / 147.8F;  // sqrt(4 * (256 * 256 - 1) / 12)
  return (static_cast<float>(sum) - 510.0F) * kPerDeviation;
}

// How one sample is written.
struct Hand {
  explicit Hand(RandomStream* stream) {
    const auto draw = [stream](float mean, float deviation) {
      return mean + deviation * Bell(stream->Next());
    };
    const float half_turn = draw(0.0F, 0.065F);  // tangent of half the angle
    const float sine = 2.0F * half_turn / (1.0F + half_turn * half_turn);
    const float cosine = (1.0F - half_turn * half_turn) / (1.0F + half_turn * half_turn);
    const float slant = draw(0.15F, 0.2F);
    const float height = draw(19.0F, 1.3F);
    const float width = height * draw(0.9F, 0.12F);
    xx = cosine * width;
    xy = -(cosine * slant + sine) * height;
    yx = sine * width;
    yy = (cosine - sine * slant) * height;
    middle_x = draw(14.0F, 1.0F);
    middle_y = draw(14.0F, 1.0F);
    radius = std::max(0.6F, draw(1.25F, 0.3F));
    softness = draw(1.1F, 0.1F);
    unsteadiness = std::max(0.0F, draw(0.037F, 0.01F));
    darkness = std::min(1.0F, draw(0.95F, 0.08F));
  }

  // A point of the glyph on the sheet, as this unsteady hand puts it.
  Sheet::Tip Place(const GlyphPoint& point, RandomStream* stream) const {
    const float x = point.x - 0.5F + unsteadiness * Bell(stream->Next());
    const float y = point.y - 0.5F + unsteadiness * Bell(stream->Next());
    return {.x = middle_x + xx * x + xy * y,
            .y = middle_y + yx * x + yy * y,
            .radius = radius * (1.0F + 0.12F * Bell(stream->Next()))};
  }

  float xx, xy, yx, yy;      // turns, slants and scales the glyph's box to pixels
  float middle_x, middle_y;  // of the digit, in pixels
  float radius;              // of the pen, in pixels
  float softness;            // of its edge, in pixels
  float unsteadiness;        // deviation of points, where the glyph's box is 1
  float darkness;            // of the ink, at most 1
};

// The curve of Catmull and Rom from `b` to `c` at `t` in 0 .. 1; `a` and `d` are their neighbours.
float Curve(float a, float b, float c, float d, float t) {
  return b + 0.5F * t *
                 (c - a + t * (2.0F * a - 5.0F * b + 4.0F * c - d + t * (3.0F * (b - c) + d - a)));
}

// Draws the curve from `b` to `c` in straight pieces of one to two pixels.
void DrawCurve(const Sheet::Tip& a, const Sheet::Tip& b, const Sheet::Tip& c, const Sheet::Tip& d,
               float softness, Sheet* sheet) {
  const float dx = c.x - b.x;
  const float dy = c.y - b.y;
  const int pieces = 1 + static_cast<int>(std::sqrt(dx * dx + dy * dy) * 0.6F);
  Sheet::Tip from = b;
  for (int piece = 1; piece <= pieces; ++piece) {
    const float t = static_cast<float>(piece) / static_cast<float>(pieces);
    const Sheet::Tip to = {.x = Curve(a.x, b.x, c.x, d.x, t),
                           .y = Curve(a.y, b.y, c.y, d.y, t),
                           .radius = b.radius + t * (c.radius - b.radius)};
    sheet->Draw(from, to, softness);
    from = to;
  }
}

void Write(Glyph glyph, const Hand& hand, RandomStream* stream, Sheet* sheet) {
  std::array<Sheet::Tip, kMostGlyphPoints> tips;
  CHECK_LE(glyph.size(), tips.size());
  for (size_t i = 0; i < glyph.size(); ++i) {
    tips[i] = hand.Place(glyph[i], stream);
  }
  for (size_t i = 1; i < glyph.size(); ++i) {
    if (glyph[i].pen == Pen::kMove) {
      continue;
    }
    const bool starts = glyph[i - 1].pen != Pen::kSmooth;
    const bool ends =
        glyph[i].pen == Pen::kCorner || i + 1 == glyph.size() || glyph[i + 1].pen == Pen::kMove;
    DrawCurve(tips[starts ? i - 1 : i - 2], tips[i - 1], tips[i], tips[ends ? i : i + 1],
              hand.softness, sheet);
  }
}

}  // namespace

int32_t DrawDigit(const DigitsOptions& options, DatasetPart part, uint32_t sample,
                  std::span<uint8_t> pixels) {
  CHECK_EQ(static_cast<int64_t>(pixels.size()), kDigitShape.size());
  RandomStream stream = StreamFor(options, part, sample, kHandStream);
  const auto label = static_cast<int32_t>(stream.Below(10));
  const std::span<const Glyph> glyphs = GlyphsOf(label);
  const Glyph glyph = glyphs[stream.Below(static_cast<uint32_t>(glyphs.size()))];
  const Hand hand(&stream);
  Sheet sheet;
  Write(glyph, hand, &stream, &sheet);
  const auto noise = static_cast<float>(options.noise);
  RandomStream grain = StreamFor(options, part, sample, kNoiseStream);
  for (size_t i = 0; i < pixels.size(); ++i) {
    const float value = sheet.ink()[i] * hand.darkness + noise * Bell(grain.Next());
    pixels[i] = static_cast<uint8_t>(std::clamp(value * 255.0F + 0.5F, 0.5F, 255.5F));
  }
  return label;
}

LoadedDataset DrawDigits(const DigitsOptions& options, DatasetPart part, int64_t samples) {
  CHECK_GE(samples, 0);
  CHECK_LE(samples, int64_t{std::numeric_limits<uint32_t>::max()});
  LoadedDataset loaded{.content = "drawn digits", .shape = kDigitShape, .classes = 10};
  const auto image_size = static_cast<size_t>(kDigitShape.size());
  std::vector<uint8_t> pixels(static_cast<size_t>(samples) * image_size);
  loaded.labels.resize(static_cast<size_t>(samples));
  for (size_t sample = 0; sample < loaded.labels.size(); ++sample) {
    loaded.labels[sample] = DrawDigit(options, part, static_cast<uint32_t>(sample),
                                      std::span(pixels).subspan(sample * image_size, image_size));
  }
  loaded.pixels = std::move(pixels);
  return loaded;
}

}  // namespace lockstep
