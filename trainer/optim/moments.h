#pragma once

#include <cmath>
#include <cstdint>

#include "trainer/base/check.h"

namespace lockstep {

// The running moments that Adam and LAMB divide by one another (Kingma and Ba 2015, algorithm 1),
// as factors that are the same for all parameters of a step.
struct MomentFactors {
  float keep_mean;
  float take_mean;
  float keep_square;
  float take_square;
  double mean_correction;  // what a mean is divided by, so that it does not lean towards 0
  float root_correction;   // likewise the root of a square
  float epsilon;
};

// REQUIRES step >= 1.
inline MomentFactors MomentFactorsOf(double beta1, double beta2, double epsilon, int64_t step) {
  CHECK_GE(step, 1);
  const auto steps = static_cast<double>(step);
  return {.keep_mean = static_cast<float>(beta1),
          .take_mean = static_cast<float>(1 - beta1),
          .keep_square = static_cast<float>(beta2),
          .take_square = static_cast<float>(1 - beta2),
          .mean_correction = 1 - std::pow(beta1, steps),
          .root_correction = static_cast<float>(std::sqrt(1 - std::pow(beta2, steps))),
          .epsilon = static_cast<float>(epsilon)};
}

// Moves a parameter's moments by its gradient. Returns what the mean is to be divided by: the
// corrected root of the square, and epsilon.
inline float MoveMoments(const MomentFactors& factors, float gradient, float* mean, float* square) {
  *mean = factors.keep_mean * *mean + factors.take_mean * gradient;
  *square = factors.keep_square * *square + factors.take_square * (gradient * gradient);
  return std::sqrt(*square) / factors.root_correction + factors.epsilon;
}

}  // namespace lockstep
