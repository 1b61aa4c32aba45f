#pragma once

#include "trainer/nn/layers/elementwise.h"

namespace lockstep {

// max(x, 0); the gradient passes where the output is positive.
struct ReluFunction {
  static constexpr std::string_view kKind = "relu";

  void Check() const {}
  // Written so that NaN stays NaN: a broken value must reach the loss and be noticed.
  float Value(float x) const { return x < 0 ? 0 : x; }
  float Gradient(float /*x*/, float y, float dy) const { return y > 0 ? dy : 0; }
};
using Relu = ElementwiseLayer<ReluFunction>;

}  // namespace lockstep
