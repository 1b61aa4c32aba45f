#pragma once

#include "trainer/nn/layers/elementwise.h"
#include "trainer/tensor/exponential.h"

namespace lockstep {

// 1 / (1 + exp(-x)).
struct SigmoidFunction {
  static constexpr std::string_view kKind = "sigmoid";

  void Check() const {}
  float Value(float x) const { return 1 / (1 + Exp(-x)); }
  float Gradient(float /*x*/, float y, float dy) const { return dy * y * (1 - y); }
};
using Sigmoid = ElementwiseLayer<SigmoidFunction>;

}  // namespace lockstep
