#pragma once

#include <cmath>

#include "trainer/nn/layers/elementwise.h"
#include "trainer/tensor/exponential.h"

namespace lockstep {

// Hyperbolic tangent.
struct TanhFunction {
  static constexpr std::string_view kKind = "tanh";

  void Check() const {}
  float Value(float x) const {
    const float m = Expm1(-2 * std::abs(x));
    return std::copysign(m / (m + 2), x);
  }
  float Gradient(float /*x*/, float y, float dy) const { return dy * (1 - y * y); }
};
using Tanh = ElementwiseLayer<TanhFunction>;

}  // namespace lockstep
