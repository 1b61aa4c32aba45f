#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/dataset.h"

namespace lockstep {

// normalised = (pixel * scale - mean[channel]) / std[channel]
struct NormalizationOptions {
  double scale = 1.0 / 255;
  std::vector<double> mean = {};  // in scaled units: one a channel, or empty for 0
  std::vector<double> std = {};   // in scaled units, positive: one a channel, or empty for 1
};

// Sets options.mean and .std to those of the given samples, channel by channel, at options.scale
// (std of the population, not of a sample). Counts are exact, so for uint8 pixels the result does
// not depend on the order of `samples`.
// Throws DataError when a channel is constant. REQUIRES at least one sample.
void MeasureMeanStd(const Dataset& dataset, std::span<const uint32_t> samples,
                    NormalizationOptions* options);

// Turns stored pixels into a network's input. Immutable: any number of threads may use one.
class Normalizer {
 public:
  // Throws ConfigError when options do not fit the number of channels, or a std is not positive.
  Normalizer(int channels, const NormalizationOptions& options);

  // Pixels in height, width, channels order, as in Dataset. Both compute in double and round once,
  // so equal values give equal bits whatever their stored type.
  // REQUIRES out.size() == pixels.size(), a multiple of the channels.
  void Apply(std::span<const uint8_t> pixels, std::span<float> out) const;
  void Apply(std::span<const float> pixels, std::span<float> out) const;

  // What a pixel becomes whose scaled value, where white is 1, is given; the way back; and what one
  // such unit of difference becomes.
  float FromScaled(double value, int channel) const;
  double ToScaled(float normalised, int channel) const;
  float ScaledUnit(int channel) const;

 private:
  float Normalized(double pixel, size_t channel) const {
    return static_cast<float>((pixel * scale_ - mean_[channel]) / std_[channel]);
  }

  double scale_;
  std::vector<double> mean_;
  std::vector<double> std_;
  std::vector<float> table_;  // 256 values a channel
};

}  // namespace lockstep
