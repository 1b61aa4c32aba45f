#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "trainer/base/random.h"
#include "trainer/optim/optimizer.h"

namespace lockstep {

inline constexpr size_t kParameters = 37;  // no multiple of a vector's length
inline constexpr double kLearningRate = 0.05;
inline constexpr int64_t kSteps = 10;

// Standard normal numbers; another set for each step, 0 for the values.
inline std::vector<float> NormalNumbers(uint32_t step) {
  RandomStream stream(3, {.purpose = Purpose::kInitialise, .time = step});
  std::vector<float> numbers(kParameters);
  for (float& number : numbers) {
    number = stream.Normal();
  }
  return numbers;
}

inline void TakeSteps(Optimizer* optimizer, int64_t from, int64_t to, std::vector<float>* values) {
  for (int64_t step = from; step <= to; ++step) {
    const std::vector<float> gradient = NormalNumbers(static_cast<uint32_t>(step));
    optimizer->Step(
        {.learning_rate = kLearningRate, .step = step, .values = *values, .gradient = gradient});
  }
}

// What a parameter loses in a step, in double precision, from its index, step, value and gradient.
using ReferenceStep = std::function<double(size_t, int64_t, double, double)>;

// Ten steps of the optimiser stay within float rounding of the reference's.
inline void ExpectAgreement(Optimizer* optimizer, const ReferenceStep& reference) {
  std::vector<float> values = NormalNumbers(0);
  std::vector<double> expected(values.begin(), values.end());
  for (int64_t step = 1; step <= kSteps; ++step) {
    const std::vector<float> gradient = NormalNumbers(static_cast<uint32_t>(step));
    TakeSteps(optimizer, step, step, &values);
    for (size_t i = 0; i < kParameters; ++i) {
      expected[i] -= reference(i, step, expected[i], gradient[i]);
      ASSERT_NEAR(values[i], expected[i], 2e-6) << "parameter " << i << " after step " << step;
    }
  }
}

// Steps 1 to 4 by `first` and 5 to 10 by `second`, which gets the slots of `first`, give the bits
// that ten steps by `whole` give.
inline void ExpectResumesExactly(Optimizer* whole, Optimizer* first, Optimizer* second) {
  std::vector<float> expected = NormalNumbers(0);
  TakeSteps(whole, 1, kSteps, &expected);
  std::vector<float> values = NormalNumbers(0);
  TakeSteps(first, 1, 4, &values);
  const std::vector<Optimizer::Slot> from = first->slots();
  const std::vector<Optimizer::Slot> to = second->slots();
  ASSERT_EQ(from.size(), to.size());
  for (size_t slot = 0; slot < from.size(); ++slot) {
    ASSERT_EQ(from[slot].name, to[slot].name);
    std::copy(from[slot].values.begin(), from[slot].values.end(), to[slot].values.begin());
  }
  TakeSteps(second, 5, kSteps, &values);
  EXPECT_EQ(values, expected);
}

}  // namespace lockstep
