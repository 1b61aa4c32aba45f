#pragma once

#include <concepts>

namespace lockstep {

// How many pieces of size b it takes to hold a. REQUIRES a >= 0 and b > 0, as RoundUp does.
template <std::integral A, std::integral B>
constexpr auto DivideUp(A a, B b) {
  return (a + b - 1) / b;
}

// The first multiple of b that is not below a.
template <std::integral A, std::integral B>
constexpr auto RoundUp(A a, B b) {
  return DivideUp(a, b) * b;
}

}  // namespace lockstep
