#include "trainer/data/augment/elastic_field.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "trainer/base/check.h"
#include "trainer/base/divide.h"

namespace lockstep {
namespace {

constexpr size_t kUnit = ElasticField::kRowUnit;
constexpr size_t kLanes = 8;
using Floats =
    float __attribute__((vector_size(kLanes * sizeof(float)), aligned(alignof(float)), may_alias));

// Bytes stand for (-127.5 .. 127.5) / 128: uniform in (-1, 1).
LOCKSTEP_EVERY_CPU void BytesToNoise(const uint8_t* bytes, size_t count, float* noise) {
  for (size_t i = 0; i < count; ++i) {
    noise[i] = (static_cast<float>(bytes[i]) - 127.5F) * (1.0F / 128);
  }
}

// out[i] = the sum over `taps` of weights[tap] * in[tap * pitch + i], for `pitch` numbers.
// REQUIRES pitch to be a multiple of 4 * kLanes.
LOCKSTEP_EVERY_CPU void SumLines(const float* in, const float* weights, size_t taps, size_t pitch,
                                 float* out) {
  for (size_t i = 0; i < pitch; i += 4 * kLanes) {
    Floats sum0{};
    Floats sum1{};
    Floats sum2{};
    Floats sum3{};
    for (size_t tap = 0; tap < taps; ++tap) {
      const float* const from = in + tap * pitch + i;
      const float weight = weights[tap];
      sum0 += weight * *reinterpret_cast<const Floats*>(from);
      sum1 += weight * *reinterpret_cast<const Floats*>(from + kLanes);
      sum2 += weight * *reinterpret_cast<const Floats*>(from + 2 * kLanes);
      sum3 += weight * *reinterpret_cast<const Floats*>(from + 3 * kLanes);
    }
    std::memcpy(out + i, &sum0, sizeof(Floats));
    std::memcpy(out + i + kLanes, &sum1, sizeof(Floats));
    std::memcpy(out + i + 2 * kLanes, &sum2, sizeof(Floats));
    std::memcpy(out + i + 3 * kLanes, &sum3, sizeof(Floats));
  }
}

double Gaussian(double distance, double sigma) {
  return std::exp(-0.5 * distance * distance / (sigma * sigma));
}

// What a Gaussian at every pixel would be divided by, so that its weights sum to 1.
double GaussianSum(double sigma, int reach) {
  double sum = 0;
  for (int distance = -reach; distance <= reach; ++distance) {
    sum += Gaussian(distance, sigma);
  }
  return sum;
}

}  // namespace

ElasticField::Lines::Lines(size_t count, size_t half_length)
    : half(RoundUp(half_length, kUnit)), values(count * 2 * half) {}

// Nodes lie `spacing` pixels apart, the first `reach` before the first pixel. Each weighs as much
// as sqrt(spacing) pixels: the variances of what they add are as large as those of `spacing`
// numbers.
ElasticField::Blur::Blur(int length, const ElasticOptions& options, double factor) {
  CHECK_GE(length, 1);
  CHECK_GT(options.sigma, 0);
  const int spacing = std::max(1, static_cast<int>(options.sigma));
  const auto reach = static_cast<int>(std::ceil(3 * options.sigma));
  const double scale = factor * std::sqrt(spacing) / GaussianSum(options.sigma, reach);
  taps = static_cast<size_t>(2 * reach / spacing) + 1;
  for (int pixel = 0; pixel < length; ++pixel) {
    first.push_back(static_cast<size_t>(DivideUp(pixel, spacing)));
    for (size_t tap = 0; tap < taps; ++tap) {
      const auto node = static_cast<int>(first.back() + tap) * spacing - reach;
      weights.push_back(std::abs(node - pixel) > reach
                            ? 0
                            : static_cast<float>(scale * Gaussian(node - pixel, options.sigma)));
    }
  }
  nodes = first.back() + taps;
}

ElasticField::ElasticField(int height, int width, const ElasticOptions& options)
    : along_x_(width, options, 1),
      along_y_(height, options, options.alpha),
      drawn_(along_x_.nodes, along_y_.nodes),
      half_blurred_(static_cast<size_t>(width), along_y_.nodes),
      turned_(along_y_.nodes, static_cast<size_t>(width)),
      field_(static_cast<size_t>(height), static_cast<size_t>(width)) {}

void ElasticField::Draw(const RandomStream& stream) {
  std::array<uint32_t, 256> draws;
  std::array<uint8_t, sizeof(draws)> bytes;
  uint32_t block = 0;
  for (size_t done = 0; done < drawn_.values.size(); done += bytes.size()) {
    const size_t count = std::min(bytes.size(), drawn_.values.size() - done);
    stream.Fill(block, std::span(draws).first(count / sizeof(uint32_t)));
    block += draws.size() / 4;
    std::memcpy(bytes.data(), draws.data(), count);
    BytesToNoise(bytes.data(), count, &drawn_.values[done]);
  }
  Apply(along_x_, drawn_, &half_blurred_);
  for (size_t node = 0; node < along_y_.nodes; ++node) {
    float* const rightward = turned_.line(node);
    float* const downward = rightward + turned_.half;
    for (size_t x = 0; x < along_x_.first.size(); ++x) {
      rightward[x] = half_blurred_.line(x)[node];
      downward[x] = half_blurred_.line(x)[half_blurred_.half + node];
    }
  }
  Apply(along_y_, turned_, &field_);
}

void ElasticField::Apply(const Blur& blur, const Lines& in, Lines* out) {
  for (size_t pixel = 0; pixel < blur.first.size(); ++pixel) {
    SumLines(in.line(blur.first[pixel]), &blur.weights[pixel * blur.taps], blur.taps, 2 * in.half,
             out->line(pixel));
  }
}

std::span<const float> ElasticField::Rightward(int y) const {
  return {field_.line(static_cast<size_t>(y)), field_.half};
}

std::span<const float> ElasticField::Downward(int y) const {
  return {field_.line(static_cast<size_t>(y)) + field_.half, field_.half};
}

}  // namespace lockstep
