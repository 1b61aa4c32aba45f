#pragma once

#include <span>

namespace lockstep {

// Euclidean norm, summed in double in an order that depends on the size alone. NaN or infinity if
// an element is.
double GlobalNorm(std::span<const float> gradient);

// If the norm is above `most`, scales the gradient down to that norm (Pascanu et al. 2013). Returns
// the norm that it had. REQUIRES most > 0.
double ClipByGlobalNorm(double most, std::span<float> gradient);

// Brings every element into [-most, most]; NaN stays. REQUIRES most > 0.
void ClipByValue(double most, std::span<float> gradient);

// How a gradient is clipped: first each element, then the norm of what is left. 0: not at all.
struct ClipOptions {
  double value = 0;
  double global_norm = 0;
};

// Returns the norm that the gradient had before all clipping.
double Clip(const ClipOptions& options, std::span<float> gradient);

}  // namespace lockstep
