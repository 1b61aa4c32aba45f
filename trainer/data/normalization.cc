#include "trainer/data/normalization.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "trainer/base/check.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

using Histogram = std::array<int64_t, 256>;

Moments MomentsOf(const Histogram& histogram) {
  int64_t count = 0;
  int64_t sum = 0;
  for (size_t value = 0; value < histogram.size(); ++value) {
    count += histogram[value];
    sum += static_cast<int64_t>(value) * histogram[value];
  }
  Moments moments{.mean = static_cast<double>(sum) / static_cast<double>(count)};
  for (size_t value = 0; value < histogram.size(); ++value) {
    const double deviation = static_cast<double>(value) - moments.mean;
    moments.variance += static_cast<double>(histogram[value]) * deviation * deviation;
  }
  moments.variance /= static_cast<double>(count);
  return moments;
}

std::vector<Moments> Uint8Moments(const Dataset& dataset, std::span<const uint32_t> samples) {
  const auto channels = static_cast<size_t>(dataset.shape().channels);
  std::vector<Histogram> histograms(channels, Histogram{});
  for (const uint32_t sample : samples) {
    const std::span<const uint8_t> pixels = dataset.Uint8Pixels(sample);
    for (size_t i = 0; i < pixels.size(); ++i) {
      ++histograms[i % channels][pixels[i]];
    }
  }
  std::vector<Moments> moments;
  moments.reserve(channels);
  for (const Histogram& histogram : histograms) {
    moments.push_back(MomentsOf(histogram));
  }
  return moments;
}

// Two passes: the one-pass formula would cancel for pixels far from zero.
std::vector<Moments> Float32Moments(const Dataset& dataset, std::span<const uint32_t> samples) {
  const auto channels = static_cast<size_t>(dataset.shape().channels);
  const auto count = static_cast<double>(static_cast<int64_t>(samples.size()) *
                                         dataset.shape().height * dataset.shape().width);
  const std::span<const float> first = dataset.Float32Pixels(samples[0]).first(channels);
  std::vector<Moments> moments(channels);
  std::vector<bool> varies(channels);
  const auto for_all = [&](auto visit) {
    for (const uint32_t sample : samples) {
      const std::span<const float> pixels = dataset.Float32Pixels(sample);
      for (size_t i = 0; i < pixels.size(); ++i) {
        visit(i % channels, pixels[i]);
      }
    }
  };
  for_all([&](size_t channel, float pixel) {
    moments[channel].mean += double{pixel} / count;
    varies[channel] = varies[channel] || pixel != first[channel];
  });
  for_all([&](size_t channel, float pixel) {
    const double deviation = double{pixel} - moments[channel].mean;
    moments[channel].variance += deviation * deviation / count;
  });
  for (size_t channel = 0; channel < channels; ++channel) {
    if (!varies[channel]) {  // whatever rounding has left
      moments[channel] = {.mean = first[channel], .variance = 0};
    }
  }
  return moments;
}

std::vector<double> PerChannel(const std::vector<double>& values, size_t channels, double otherwise,
                               std::string_view name) {
  if (values.empty()) {
    return std::vector<double>(channels, otherwise);
  }
  if (values.size() != channels) {
    throw ConfigError(
        fmt::format("data.normalization.fixed.{}: must have one value for each of the {} channels "
                    "of the images, has {}",
                    name, channels, values.size()));
  }
  return values;
}

}  // namespace

void MeasureMeanStd(const Dataset& dataset, std::span<const uint32_t> samples,
                    NormalizationOptions* options) {
  CHECK(!samples.empty());
  const std::vector<Moments> channels = dataset.pixel_type() == PixelType::kUint8
                                            ? Uint8Moments(dataset, samples)
                                            : Float32Moments(dataset, samples);
  options->mean.clear();
  options->std.clear();
  for (const Moments& channel : channels) {
    if (channel.variance <= 0.0) {
      throw DataError(fmt::format(
          "data.normalization: all pixels of channel {} are {}, so their standard deviation is 0; "
          "set data.normalization.fixed or scale_to_unit instead of measuring",
          options->mean.size(), channel.mean));
    }
    options->mean.push_back(channel.mean * options->scale);
    options->std.push_back(std::sqrt(channel.variance) * options->scale);
  }
}

Normalizer::Normalizer(int channels, const NormalizationOptions& options)
    : scale_(options.scale),
      mean_(PerChannel(options.mean, static_cast<size_t>(channels), 0.0, "mean")),
      std_(PerChannel(options.std, static_cast<size_t>(channels), 1.0, "standard_deviation")) {
  for (size_t channel = 0; channel < std_.size(); ++channel) {
    if (!(std_[channel] > 0.0)) {
      throw ConfigError(
          fmt::format("data.normalization.fixed.standard_deviation[{}]: must be positive, is {}",
                      channel, std_[channel]));
    }
    for (int pixel = 0; pixel < 256; ++pixel) {
      table_.push_back(Normalized(pixel, channel));
    }
  }
}

float Normalizer::FromScaled(double value, int channel) const {
  const auto i = static_cast<size_t>(channel);
  return static_cast<float>((value - mean_[i]) / std_[i]);
}

double Normalizer::ToScaled(float normalised, int channel) const {
  const auto i = static_cast<size_t>(channel);
  return double{normalised} * std_[i] + mean_[i];
}

float Normalizer::ScaledUnit(int channel) const {
  return static_cast<float>(1 / std_[static_cast<size_t>(channel)]);
}

void Normalizer::Apply(std::span<const uint8_t> pixels, std::span<float> out) const {
  CHECK_EQ(pixels.size(), out.size());
  const size_t channels = mean_.size();
  if (channels == 1) {  // known to the compiler, the stride is half of the time
    const float* const table = table_.data();
#pragma GCC unroll 8
    for (size_t i = 0; i < pixels.size(); ++i) {
      out[i] = table[pixels[i]];
    }
    return;
  }
  for (size_t channel = 0; channel < channels; ++channel) {
    const float* const table = table_.data() + 256 * channel;
    for (size_t i = channel; i < pixels.size(); i += channels) {
      out[i] = table[pixels[i]];
    }
  }
}

void Normalizer::Apply(std::span<const float> pixels, std::span<float> out) const {
  CHECK_EQ(pixels.size(), out.size());
  const size_t channels = mean_.size();
  for (size_t i = 0; i < pixels.size(); i += channels) {
    for (size_t channel = 0; channel < channels; ++channel) {
      out[i + channel] = Normalized(double{pixels[i + channel]}, channel);
    }
  }
}

}  // namespace lockstep
