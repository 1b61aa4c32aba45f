#pragma once

#include <span>

namespace lockstep {

// Euclidean norm, summed in double in an order that depends on the size alone. NaN or infinity if
// an element is.
double GlobalNorm(std::span<const float> gradient);

// If the norm is above `most`, scales the gradient down to that norm (Pascanu et al. 2013). Returns
// the norm that it had. REQUIRES most > 0.
double ClipByGlobalNorm(double most, std::span<float> gradient);

}  // namespace lockstep
