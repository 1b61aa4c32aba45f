#include "comm/exact_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lockstep::comm {

double GradientLimit(int64_t terms) {
  return std::min(0x1p15, 0x1p62 * kGradientQuantum / static_cast<double>(terms));
}

namespace {

// Adding 1.5 * 2^52 to a double below 2^51 in magnitude rounds it to a whole number that then
// stands in the low bits of the mantissa, so the difference of the bit patterns is that number.
// Unsigned, for it wraps where a value is too large.
inline uint64_t Quanta(float value) {
  constexpr double kShift = 0x1.8p52;
  const double quanta = double{value} * (1 / kGradientQuantum);
  return std::bit_cast<uint64_t>(quanta + kShift) - std::bit_cast<uint64_t>(kShift);
}

inline uint32_t TooLarge(float value, float limit) { return std::fabs(value) < limit ? 0U : 1U; }

}  // namespace

// Plain loops of additions, which every instruction set vectorises to the same results.
LOCKSTEP_EVERY_CPU bool AddExact(std::span<const float> values, double limit, int64_t* sums) {
  const auto float_limit = static_cast<float>(limit);
  auto* const unsigned_sums = reinterpret_cast<uint64_t*>(sums);
  uint32_t too_large = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    unsigned_sums[i] += Quanta(values[i]);
    too_large |= TooLarge(values[i], float_limit);
  }
  return too_large == 0;
}

LOCKSTEP_EVERY_CPU bool SetExact(std::span<const float> values, double limit, int64_t* sums) {
  const auto float_limit = static_cast<float>(limit);
  auto* const unsigned_sums = reinterpret_cast<uint64_t*>(sums);
  uint32_t too_large = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    unsigned_sums[i] = Quanta(values[i]);
    too_large |= TooLarge(values[i], float_limit);
  }
  return too_large == 0;
}

LOCKSTEP_EVERY_CPU void FromExact(std::span<const int64_t> sums, double scale, float* values) {
  const double factor = scale * kGradientQuantum;
  for (size_t i = 0; i < sums.size(); ++i) {
    values[i] = static_cast<float>(static_cast<double>(sums[i]) * factor);
  }
}

int64_t ToFixedPoint(double value) { return std::llrint(value / kLossQuantum); }

double FromFixedPoint(int64_t quanta) { return static_cast<double>(quanta) * kLossQuantum; }

}  // namespace lockstep::comm
