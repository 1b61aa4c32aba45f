#pragma once

#include <span>

namespace lockstep::comm {

// Writes values to sums. Returns whether all |values| < limit; NaN is not.
bool SetFloat(std::span<const float> values, double limit, float* sums);

// The same for sums that other processors read next, and this one does not: past its cache.
bool StreamFloat(std::span<const float> values, double limit, float* sums);

// The same, but adds them.
bool AddFloat(std::span<const float> values, double limit, float* sums);

// How BucketedSum calls them.
struct FloatArithmetic {
  using Sum = float;
  static bool Set(std::span<const float> values, double limit, float* sums) {
    return SetFloat(values, limit, sums);
  }
  static bool Add(std::span<const float> values, double limit, float* sums) {
    return AddFloat(values, limit, sums);
  }
};

}  // namespace lockstep::comm
