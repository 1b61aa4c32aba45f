#include "trainer/data/augment/pixel_changes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace lockstep {
namespace {

// Of the sum of four bytes: mean, and one over the standard deviation (of a byte: 256^2 - 1 by 12).
constexpr float kMeanOfSum = 4 * 127.5F;
constexpr float kSumUnit = 0.00676587509F;

LOCKSTEP_EVERY_CPU void ToNearlyNormal(const uint32_t* draws, size_t count, float deviation,
                                       float* numbers) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t draw = draws[i];
    const uint32_t sum = (draw & 255) + ((draw >> 8) & 255) + ((draw >> 16) & 255) + (draw >> 24);
    numbers[i] = deviation * (static_cast<float>(static_cast<int32_t>(sum)) - kMeanOfSum);
  }
}

LOCKSTEP_EVERY_CPU void AddToAll(float amount, std::span<float> values) {
  for (float& value : values) {
    value += amount;
  }
}

// values[i] += numbers[i] * unit of its channel. `first`: the channel of the first value.
LOCKSTEP_EVERY_CPU void AddUnits(const float* numbers, size_t count, const float* units,
                                 size_t channels, size_t first, float* values) {
  if (channels == 1) {
    for (size_t i = 0; i < count; ++i) {
      values[i] += numbers[i] * units[0];
    }
    return;
  }
  size_t channel = first;
  for (size_t i = 0; i < count; ++i) {
    values[i] += numbers[i] * units[channel];
    channel = channel + 1 == channels ? 0 : channel + 1;
  }
}

// The part of start .. start+size-1 that lies within 0 .. end-1.
struct Span {
  int begin;
  int end;
};

Span Within(int start, int size, int end) {
  return {.begin = std::clamp(start, 0, end), .end = std::clamp(start + size, 0, end)};
}

}  // namespace

void Brighten(float amount, std::span<const float> units, std::span<float> image) {
  const size_t channels = units.size();
  if (channels == 1) {
    AddToAll(amount * units[0], image);
    return;
  }
  for (size_t i = 0; i < image.size(); i += channels) {
    for (size_t channel = 0; channel < channels; ++channel) {
      image[i + channel] += amount * units[channel];
    }
  }
}

void AddNoise(const RandomStream& stream, float deviation, std::span<const float> units,
              std::span<float> image) {
  std::array<uint32_t, 512> draws;
  std::array<float, draws.size()> numbers;
  uint32_t block = 0;
  for (size_t done = 0; done < image.size(); done += draws.size()) {
    const size_t count = std::min(draws.size(), image.size() - done);
    stream.Fill(block, std::span(draws).first(count));
    block += draws.size() / 4;
    ToNearlyNormal(draws.data(), count, deviation * kSumUnit, numbers.data());
    AddUnits(numbers.data(), count, units.data(), units.size(), done % units.size(), &image[done]);
  }
}

void CutOut(RandomStream stream, const CutoutOptions& options, const ImageShape& shape,
            std::span<const float> fill, std::span<float> image) {
  const auto channels = static_cast<size_t>(shape.channels);
  for (int square = 0; square < options.count; ++square) {
    const auto centre_y = static_cast<int>(stream.Below(static_cast<uint32_t>(shape.height)));
    const auto centre_x = static_cast<int>(stream.Below(static_cast<uint32_t>(shape.width)));
    const Span rows = Within(centre_y - options.size / 2, options.size, shape.height);
    const Span columns = Within(centre_x - options.size / 2, options.size, shape.width);
    for (int y = rows.begin; y < rows.end; ++y) {
      for (int x = columns.begin; x < columns.end; ++x) {
        const auto pixel =
            static_cast<size_t>(y) * static_cast<size_t>(shape.width) + static_cast<size_t>(x);
        std::ranges::copy(fill, image.begin() + static_cast<ptrdiff_t>(pixel * channels));
      }
    }
  }
}

}  // namespace lockstep
