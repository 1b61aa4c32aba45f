#include "trainer/optim/clip.h"

#include <array>
#include <cmath>
#include <cstddef>

#include "trainer/base/check.h"

namespace lockstep {

LOCKSTEP_EVERY_CPU double GlobalNorm(std::span<const float> gradient) {
  constexpr size_t kLanes = 8;  // sums side by side, for the sake of vector units
  std::array<double, kLanes> sums{};
  const size_t whole = gradient.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double x = gradient[i + lane];
      sums[lane] += x * x;
    }
  }
  double total = 0;
  for (size_t i = whole; i < gradient.size(); ++i) {
    const double x = gradient[i];
    total += x * x;
  }
  for (const double sum : sums) {
    total += sum;
  }
  return std::sqrt(total);
}

double ClipByGlobalNorm(double most, std::span<float> gradient) {
  CHECK_GT(most, 0.0);
  const double norm = GlobalNorm(gradient);
  if (norm > most) {
    const double scale = most / norm;
    for (float& element : gradient) {
      element = static_cast<float>(element * scale);
    }
  }
  return norm;
}

LOCKSTEP_EVERY_CPU void ClipByValue(double most, std::span<float> gradient) {
  CHECK_GT(most, 0.0);
  const auto limit = static_cast<float>(most);
  for (float& element : gradient) {
    const float below = element > limit ? limit : element;
    element = below < -limit ? -limit : below;
  }
}

double Clip(const ClipOptions& options, std::span<float> gradient) {
  if (options.value == 0) {
    return options.global_norm > 0 ? ClipByGlobalNorm(options.global_norm, gradient)
                                   : GlobalNorm(gradient);
  }
  const double norm = GlobalNorm(gradient);
  ClipByValue(options.value, gradient);
  if (options.global_norm > 0) {
    ClipByGlobalNorm(options.global_norm, gradient);
  }
  return norm;
}

}  // namespace lockstep
