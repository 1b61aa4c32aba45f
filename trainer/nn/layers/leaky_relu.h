#pragma once

#include "trainer/nn/layers/elementwise.h"

namespace lockstep {

// x where it is positive, else slope * x.
struct LeakyReluFunction {
  static constexpr std::string_view kKind = "leaky_relu";
  float slope = 0.01F;

  void Check() const {}
  float Value(float x) const { return x > 0 ? x : slope * x; }
  float Gradient(float x, float /*y*/, float dy) const { return x > 0 ? dy : slope * dy; }
};
using LeakyRelu = ElementwiseLayer<LeakyReluFunction>;

}  // namespace lockstep
