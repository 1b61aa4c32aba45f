#pragma once

#include <fmt/format.h>

#include "trainer/nn/layers/elementwise.h"
#include "trainer/tensor/exponential.h"

namespace lockstep {

// x where it is positive, else alpha * (exp(x) - 1) (Clevert et al. 2016).
struct EluFunction {
  static constexpr std::string_view kKind = "elu";
  float alpha = 1;

  void Check() const {
    if (!(alpha > 0)) {
      throw LayerError("alpha", fmt::format("must be above 0, is {}", alpha));
    }
  }
  float Value(float x) const {
    const float negative = alpha * Expm1(x);
    return x > 0 ? x : negative;
  }
  float Gradient(float x, float y, float dy) const { return x > 0 ? dy : dy * (y + alpha); }
};
using Elu = ElementwiseLayer<EluFunction>;

}  // namespace lockstep
