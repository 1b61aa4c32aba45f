#pragma once

#include <bit>
#include <cstdint>

// exp for loops over arrays. Plain arithmetic without branches, so that compilers
// turn such loops into vector code, and the same bits on every CPU type, which those of the C
// library are not. Relative error at most 3e-7. NaN stays NaN.

namespace lockstep {
namespace internal {

// exp(x) = power * (1 + rest), where power is a power of two and |ln(1 + rest)| <= ln(2) / 2.
struct SplitExponential {
  float power;
  float rest;
};

inline SplitExponential SplitExp(float x) {
  // Both ends are normal floats; beyond, exp(x) stays what it is at the end.
  constexpr float kLowest = -87.0F;
  constexpr float kHighest = 88.0F;
  constexpr float kLog2E = 0x1.715476p0F;
  // ln(2) in two parts; the first has few enough bits that its product with n is exact.
  constexpr float kLn2High = 0x1.63p-1F;
  constexpr float kLn2Low = -0x1.bd0106p-13F;
  // Adding it rounds to an integer, which then stands in the lowest bits.
  constexpr float kRound = 0x1.8p23F;
  x = x < kLowest ? kLowest : x;
  x = x > kHighest ? kHighest : x;
  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  // Taylor's series of exp(r) - 1: what is left out is below 2e-8 of it.
  const float tail =
      1.0F / 2 +
      r * (1.0F / 6 + r * (1.0F / 24 + r * (1.0F / 120 + r * (1.0F / 720 + r * (1.0F / 5040)))));
  constexpr uint32_t kExponentBias = 127;
  const uint32_t exponent = std::bit_cast<uint32_t>(shifted) + kExponentBias;
  return {.power = std::bit_cast<float>(exponent << 23), .rest = r + r * r * tail};
}

}  // namespace internal

// exp(x); below -87 it is exp(-87), above 88 it is exp(88).
inline float Exp(float x) {
  const auto [power, rest] = internal::SplitExp(x);
  return power + power * rest;
}

// exp(x) - 1 without cancellation near 0; above 88 as Exp.
inline float Expm1(float x) {
  const auto [power, rest] = internal::SplitExp(x);
  return power * rest + (power - 1);
}

}  // namespace lockstep
