#include "trainer/nn/initializer.h"

#include <cmath>

namespace lockstep {

double StandardDeviation(Distribution distribution, Fan fan) {
  const auto in = static_cast<double>(fan.in);
  const auto out = static_cast<double>(fan.out);
  switch (distribution) {
    case Distribution::kConstant:
      return 0;
    case Distribution::kHeNormal:
    case Distribution::kHeUniform:
      return std::sqrt(2 / in);
    case Distribution::kXavierNormal:
    case Distribution::kXavierUniform:
      return std::sqrt(2 / (in + out));
  }
  return 0;
}

}  // namespace lockstep
