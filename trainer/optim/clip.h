#pragma once

#include <cstddef>
#include <span>

namespace lockstep {

// How a gradient is clipped: first each element, then the norm of what is left. 0: not at all.
struct ClipOptions {
  double value = 0;
  double global_norm = 0;
};

// Elements whose squares are summed on their own before they are added to those of others: the
// squared norm of a whole gradient is the sum, in order, of SumOfSquares() of stretches of so many
// elements, the last shorter. Parts of a gradient that begin at multiples of it can be summed by
// different threads.
constexpr size_t kNormGrain = 4096;

// The sum of squares, in double in an order that depends on the size alone. NaN or infinity if an
// element is.
double SumOfSquares(std::span<const float> values);

// Euclidean norm of a tensor, for LARS and LAMB: the root of the sum of its squares, which is not
// divided into stretches.
double Norm(std::span<const float> values);

// Brings every element into [-most, most]; NaN stays. REQUIRES most > 0.
void ClipByValue(double most, std::span<float> gradient);

// What a gradient of norm `norm` is to be multiplied by so that its norm is at most `most` (Pascanu
// et al. 2013): 1 if it is small enough, or NaN. REQUIRES most > 0.
double ClipFactor(double most, double norm);

// Multiplies every element, in double.
void Scale(double factor, std::span<float> gradient);

}  // namespace lockstep
