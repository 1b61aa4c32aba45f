#pragma once

#include "trainer/nn/layers/elementwise.h"

namespace lockstep {

// min(max(x, 0), 6); the gradient passes where the output is between the two.
struct Relu6Function {
  static constexpr std::string_view kKind = "relu6";
  static constexpr float kMost = 6;

  void Check() const {}
  // Written so that NaN stays NaN.
  float Value(float x) const {
    const float bounded = x > kMost ? kMost : x;
    return bounded < 0 ? 0 : bounded;
  }
  float Gradient(float /*x*/, float y, float dy) const { return y > 0 && y < kMost ? dy : 0; }
};
using Relu6 = ElementwiseLayer<Relu6Function>;

}  // namespace lockstep
