#pragma once

#include <cstdint>

namespace lockstep {

// How many inputs an output of the layer sums over, and how many outputs an input reaches.
struct Fan {
  int64_t in = 1;
  int64_t out = 1;
};

enum class Distribution {
  kConstant,
  kHeNormal,       // variance 2 / fan in (He et al. 2015, section 2.2)
  kHeUniform,      // the same variance, uniform
  kXavierNormal,   // variance 2 / (fan in + fan out) (Glorot and Bengio 2010, section 4.2)
  kXavierUniform,  // the same variance, uniform
};

struct Initializer {
  Distribution distribution = Distribution::kXavierUniform;
  float constant = 0;  // for kConstant
};

// Standard deviation of the distribution; 0 for kConstant.
double StandardDeviation(Distribution distribution, Fan fan);

}  // namespace lockstep
