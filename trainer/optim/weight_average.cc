#include "trainer/optim/weight_average.h"

#include <algorithm>

#include "trainer/base/check.h"

namespace lockstep {

namespace {

LOCKSTEP_EVERY_CPU void MoveTowards(float part, std::span<const float> values, float* average) {
  for (size_t i = 0; i < values.size(); ++i) {
    average[i] += part * (values[i] - average[i]);
  }
}

}  // namespace

void MoveAverage(double decay, int64_t step, std::span<const float> values,
                 std::span<float> average) {
  CHECK_GE(decay, 0.0);
  CHECK_LT(decay, 1.0);
  CHECK_GE(step, 1);
  CHECK_EQ(values.size(), average.size());
  const auto steps = static_cast<double>(step);
  const double kept = std::min(decay, (1 + steps) / (10 + steps));
  MoveTowards(static_cast<float>(1 - kept), values, average.data());
}

}  // namespace lockstep
