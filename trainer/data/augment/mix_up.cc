#include "trainer/data/augment/mix_up.h"

#include <cmath>
#include <cstddef>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

// Above 0, at most 1.
double Positive(RandomStream* stream) { return 1.0 - double{stream->Uniform()}; }

// The logarithm of a number of the Gamma(shape) distribution: for small shapes the number itself
// may be too small to be told from 0.
double DrawLogGamma(double shape, RandomStream* stream) {
  if (shape < 1) {
    const double larger = DrawLogGamma(shape + 1, stream);
    return larger + std::log(Positive(stream)) / shape;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = stream->Normal();
    const double root = 1 + c * x;
    if (root <= 0) {
      continue;
    }
    const double v = root * root * root;
    if (std::log(Positive(stream)) < 0.5 * x * x + d - d * v + d * std::log(v)) {
      return std::log(d * v);
    }
  }
}

LOCKSTEP_EVERY_CPU void MixAll(float share, const float* __restrict other, size_t count,
                               float* __restrict image) {
  const float rest = 1 - share;
  for (size_t i = 0; i < count; ++i) {
    image[i] = share * image[i] + rest * other[i];
  }
}

}  // namespace

double DrawBeta(double alpha, RandomStream* stream) {
  CHECK_GT(alpha, 0);
  const double first = DrawLogGamma(alpha, stream);
  const double second = DrawLogGamma(alpha, stream);
  return 1 / (1 + std::exp(second - first));
}

void Mix(float share, std::span<const float> other, std::span<float> image) {
  CHECK_EQ(other.size(), image.size());
  MixAll(share, other.data(), image.size(), image.data());
}

}  // namespace lockstep
