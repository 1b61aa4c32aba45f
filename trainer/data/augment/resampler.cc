#include "trainer/data/augment/resampler.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "trainer/base/check.h"
#include "trainer/base/divide.h"

namespace lockstep {
namespace {

// Pixels before the image in the copy, and in all. A place is never further out than the pixel
// before the image or the first one behind it, so that one more is read at most.
constexpr int kBefore = 1;
constexpr int kAround = 3;

// The places of a row's pixels along one direction: start, start + step, ..
struct Walk {
  float start;
  float step;
  float lowest;  // places beyond are moved to the end
  float highest;
  int32_t unit;  // numbers of the source from one place to the next

  Walk(double first, double each, int length, Outside outside, int32_t numbers)
      : start(static_cast<float>(first)),
        step(static_cast<float>(each)),
        lowest(outside == Outside::kFill ? -1 : 0),
        highest(static_cast<float>(outside == Outside::kFill ? length : length - 1)),
        unit(numbers) {}
};

// Offsets of the first of the pixels that each place lies between, and the part of the way to the
// next, in both directions.
LOCKSTEP_EVERY_CPU void Find(const Walk& x, const Walk& y, const float* __restrict rightward,
                             const float* __restrict downward, size_t units,
                             int32_t* __restrict offsets, float* __restrict right,
                             float* __restrict down) {
  const auto count = static_cast<int32_t>(units * ElasticField::kRowUnit);
  for (int32_t i = 0; i < count; ++i) {
    float place_x = x.start + x.step * static_cast<float>(i) + rightward[i];
    float place_y = y.start + y.step * static_cast<float>(i) + downward[i];
    place_x = place_x < x.lowest ? x.lowest : place_x;
    place_y = place_y < y.lowest ? y.lowest : place_y;
    place_x = place_x > x.highest ? x.highest : place_x;
    place_y = place_y > y.highest ? y.highest : place_y;
    // Conversion rounds towards zero; wanted is the whole number below.
    auto before_x = static_cast<int32_t>(place_x);
    auto before_y = static_cast<int32_t>(place_y);
    before_x -= static_cast<float>(before_x) > place_x ? 1 : 0;
    before_y -= static_cast<float>(before_y) > place_y ? 1 : 0;
    right[i] = place_x - static_cast<float>(before_x);
    down[i] = place_y - static_cast<float>(before_y);
    offsets[i] = (before_x + kBefore) * x.unit + (before_y + kBefore) * y.unit;
  }
}

inline float Between(float first, float second, float part) {
  return first + part * (second - first);
}

// `upper`, `lower`: a pair of pixels for each of `count` places.
LOCKSTEP_EVERY_CPU void InterpolatePairs(const float* __restrict upper,
                                         const float* __restrict lower,
                                         const float* __restrict right,
                                         const float* __restrict down, size_t count,
                                         float* __restrict out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = Between(Between(upper[2 * i], upper[2 * i + 1], right[i]),
                     Between(lower[2 * i], lower[2 * i + 1], right[i]), down[i]);
  }
}

}  // namespace

Resampler::Resampler(const ImageShape& shape, Outside outside, std::span<const float> fill)
    : shape_(shape),
      outside_(outside),
      pitch_((static_cast<size_t>(shape.width) + kAround) * static_cast<size_t>(shape.channels)),
      source_(pitch_ * (static_cast<size_t>(shape.height) + kAround)) {
  CHECK_EQ(static_cast<int>(fill.size()), shape.channels);
  CHECK_LE(source_.size(), static_cast<size_t>(std::numeric_limits<int32_t>::max()));
  for (size_t i = 0; i < source_.size(); ++i) {
    source_[i] = fill[i % fill.size()];
  }
  const size_t count = RoundUp(static_cast<size_t>(shape.width), size_t{ElasticField::kRowUnit});
  nowhere_.resize(count);
  places_.offset.resize(count);
  places_.right.resize(count);
  places_.down.resize(count);
  upper_.resize(2 * count);
  lower_.resize(2 * count);
}

void Resampler::Apply(const AffineMap& map, const ElasticField* field, std::span<float> image) {
  CHECK_EQ(static_cast<int64_t>(image.size()), shape_.size());
  CopySource(image);
  const auto row_size = static_cast<size_t>(shape_.width) * static_cast<size_t>(shape_.channels);
  for (int row = 0; row < shape_.height; ++row) {
    FindPlaces(map, field, row);
    float* const out = &image[static_cast<size_t>(row) * row_size];
    if (shape_.channels == 1) {
      InterpolateGrey(out);
    } else {
      InterpolateColours(out);
    }
  }
}

void Resampler::CopySource(std::span<const float> image) {
  const auto channels = static_cast<size_t>(shape_.channels);
  const size_t row_size = static_cast<size_t>(shape_.width) * channels;
  float* to = &source_[kBefore * (pitch_ + channels)];
  for (size_t done = 0; done < image.size(); done += row_size, to += pitch_) {
    std::copy_n(&image[done], row_size, to);
  }
}

void Resampler::FindPlaces(const AffineMap& map, const ElasticField* field, int row) {
  const Walk x(map.xy * row + map.x0, map.xx, shape_.width, outside_, shape_.channels);
  const Walk y(map.yy * row + map.y0, map.yx, shape_.height, outside_,
               static_cast<int32_t>(pitch_));
  Find(x, y, field == nullptr ? nowhere_.data() : field->Rightward(row).data(),
       field == nullptr ? nowhere_.data() : field->Downward(row).data(),
       nowhere_.size() / ElasticField::kRowUnit, places_.offset.data(), places_.right.data(),
       places_.down.data());
}

// Pixels are fetched in pairs, one place after the other; all else is done for many at a time.
void Resampler::InterpolateGrey(float* out) {
  const auto count = static_cast<size_t>(shape_.width);
  const size_t pitch = pitch_;
  const float* const source = source_.data();
  const int32_t* const offsets = places_.offset.data();
  float* const upper = upper_.data();
  float* const lower = lower_.data();
  for (size_t i = 0; i < count; ++i) {
    const float* const from = source + offsets[i];
    std::memcpy(upper + 2 * i, from, 2 * sizeof(float));
    std::memcpy(lower + 2 * i, from + pitch, 2 * sizeof(float));
  }
  InterpolatePairs(upper, lower, places_.right.data(), places_.down.data(), count, out);
}

void Resampler::InterpolateColours(float* out) const {
  const auto channels = static_cast<size_t>(shape_.channels);
  const auto count = static_cast<size_t>(shape_.width);
  for (size_t i = 0; i < count; ++i) {
    const float* const upper = source_.data() + places_.offset[i];
    const float* const lower = upper + pitch_;
    for (size_t channel = 0; channel < channels; ++channel, ++out) {
      *out = Between(Between(upper[channel], upper[channel + channels], places_.right[i]),
                     Between(lower[channel], lower[channel + channels], places_.right[i]),
                     places_.down[i]);
    }
  }
}

}  // namespace lockstep
