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

WeightAverage::WeightAverage(double decay, std::span<const float> values)
    : decay_(decay), average_(values.begin(), values.end()) {
  CHECK_GE(decay, 0.0);
  CHECK_LT(decay, 1.0);
}

void WeightAverage::Reset(std::span<const float> values) {
  CHECK_EQ(values.size(), average_.size());
  std::ranges::copy(values, average_.begin());
}

void WeightAverage::Update(int64_t step, std::span<const float> values) {
  CHECK_GE(step, 1);
  CHECK_EQ(values.size(), average_.size());
  const auto steps = static_cast<double>(step);
  const double decay = std::min(decay_, (1 + steps) / (10 + steps));
  MoveTowards(static_cast<float>(1 - decay), values, average_.data());
}

}  // namespace lockstep
