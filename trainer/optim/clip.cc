#include "trainer/optim/clip.h"

#include <array>
#include <cmath>
#include <cstddef>

#include "trainer/base/check.h"

namespace lockstep {

LOCKSTEP_EVERY_CPU double SumOfSquares(std::span<const float> values) {
  constexpr size_t kLanes = 8;  // sums side by side, for the sake of vector units
  std::array<double, kLanes> sums{};
  const size_t whole = values.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double x = values[i + lane];
      sums[lane] += x * x;
    }
  }
  double total = 0;
  for (size_t i = whole; i < values.size(); ++i) {
    const double x = values[i];
    total += x * x;
  }
  for (const double sum : sums) {
    total += sum;
  }
  return total;
}

double Norm(std::span<const float> values) { return std::sqrt(SumOfSquares(values)); }

LOCKSTEP_EVERY_CPU void ClipByValue(double most, std::span<float> gradient) {
  CHECK_GT(most, 0.0);
  const auto limit = static_cast<float>(most);
  for (float& element : gradient) {
    const float below = element > limit ? limit : element;
    element = below < -limit ? -limit : below;
  }
}

double ClipFactor(double most, double norm) {
  CHECK_GT(most, 0.0);
  return norm > most ? most / norm : 1;
}

LOCKSTEP_EVERY_CPU void Scale(double factor, std::span<float> gradient) {
  for (float& element : gradient) {
    element = static_cast<float>(element * factor);
  }
}

}  // namespace lockstep
