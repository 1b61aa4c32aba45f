#pragma once

#include <cstdint>
#include <span>

#include "trainer/base/random.h"

namespace lockstep {

// A number of the Beta(alpha, alpha) distribution, which depends on the stream alone (Marsaglia and
// Tsang 2000, twice). REQUIRES alpha above 0.
double DrawBeta(double alpha, RandomStream* stream);

// image = share * image + (1 - share) * other, of as many pixels.
void Mix(float share, std::span<const float> other, std::span<float> image);

}  // namespace lockstep
