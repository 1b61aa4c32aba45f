#pragma once

#include <cstdint>
#include <span>

// Sums that have no order: every number is rounded once to a multiple of a fixed quantum, and the
// multiples are added as 64-bit integers. (Fixed-point accumulation; compare Kulisch, "Computer
// Arithmetic and Validity", chapter 8, whose accumulator is as wide as the whole float range.)

namespace lockstep::comm {

// The quantum of gradients, 2^-36. Rounding a microbatch's gradient to it is an error of at most
// 7.3e-12; a float's own rounding is larger from 2.4e-4 on.
constexpr double kGradientQuantum = 0x1p-36;

// The quantum of a loss, 2^-32.
constexpr double kLossQuantum = 0x1p-32;

// How large a single gradient value may be so that `terms` of them cannot overflow: at most 2^15,
// and terms times it at most 2^62 quanta. REQUIRES terms >= 1.
double GradientLimit(int64_t terms);

// Adds values[i], rounded to a multiple of the quantum (to nearest, ties to even), to sums[i].
// Returns whether all |values[i]| < limit; where one is not, or is NaN, its sum is meaningless.
// REQUIRES limit <= 2^15. The same integers on every instruction set.
bool AddExact(std::span<const float> values, double limit, int64_t* sums);

// The same where the sums are still 0, whatever stands in them.
bool SetExact(std::span<const float> values, double limit, int64_t* sums);

// How BucketedSum calls them.
struct ExactArithmetic {
  using Sum = int64_t;
  static bool Set(std::span<const float> values, double limit, int64_t* sums) {
    return SetExact(values, limit, sums);
  }
  static bool Add(std::span<const float> values, double limit, int64_t* sums) {
    return AddExact(values, limit, sums);
  }
};

// What the sums are worth: values[i] = sums[i] * quantum * scale, computed in double.
void FromExact(std::span<const int64_t> sums, double scale, float* values);

// A loss in quanta, and back. REQUIRES |value| < 2^31.
int64_t ToFixedPoint(double value);
double FromFixedPoint(int64_t quanta);

}  // namespace lockstep::comm
