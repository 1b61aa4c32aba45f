#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "trainer/base/check.h"
#include "trainer/base/random.h"
#include "trainer/optim/optimizer.h"

namespace lockstep {

inline constexpr size_t kParameters = 37;  // no multiple of a vector's length
inline constexpr double kLearningRate = 0.05;
inline constexpr int64_t kSteps = 10;

// Standard normal numbers; another set for each step, 0 for the values.
inline std::vector<float> NormalNumbers(int64_t step, size_t size = kParameters) {
  RandomStream stream(3, {.purpose = Purpose::kInitialise, .time = static_cast<uint32_t>(step)});
  std::vector<float> numbers(size);
  for (float& number : numbers) {
    number = stream.Normal();
  }
  return numbers;
}

// An optimiser at work: parameters, and all that is remembered of their history.
class Descent {
 public:
  template <typename AnyOptimizer>
  Descent(AnyOptimizer optimizer, std::vector<float> values)
      : optimizer_(std::make_shared<const AnyOptimizer>(std::move(optimizer))),
        values_(std::move(values)),
        slots_(optimizer_->slot_names().size(), std::vector<float>(values_.size())) {}

  // The next step.
  void Step(double learning_rate, std::vector<float> gradient) {
    Step(learning_rate, std::move(gradient),
         [](const auto& step_of, size_t parameters) { step_of({.begin = 0, .end = parameters}); });
  }

  // The next step, for which divide(step_of, parameters) calls step_of(Part) for each part.
  template <typename Divide>
  void Step(double learning_rate, std::vector<float> gradient, const Divide& divide) {
    ++steps_;
    const std::vector<std::span<float>> slots(slots_.begin(), slots_.end());
    const Update update{.learning_rate = learning_rate,
                        .step = steps_,
                        .values = values_,
                        .gradient = gradient,
                        .slots = slots};
    divide([&](Part part) { optimizer_->Step(update, part); }, values_.size());
  }

  // Steps with NormalNumbers(), up to step `last`.
  void StepUpTo(int64_t last) {
    while (steps_ < last) {
      Step(kLearningRate, NormalNumbers(steps_ + 1, values_.size()));
    }
  }

  // Goes on where `other`, which has as many parameters and slots, is now.
  void GoOnFrom(const Descent& other) {
    values_ = other.values_;
    slots_ = other.slots_;
    steps_ = other.steps_;
  }

  void set_steps(int64_t steps) { steps_ = steps; }
  const std::vector<float>& values() const { return values_; }
  const std::vector<std::vector<float>>& slots() const { return slots_; }

 private:
  std::shared_ptr<const Optimizer> optimizer_;
  std::vector<float> values_;
  std::vector<std::vector<float>> slots_;
  int64_t steps_ = 0;  // taken
};

// What a parameter loses in a step, in double precision, from its index, step, value and gradient.
using ReferenceStep = std::function<double(size_t, int64_t, double, double)>;

// Ten steps of the optimiser, for kParameters, stay within float rounding of the reference's.
template <typename AnyOptimizer>
void ExpectAgreement(const AnyOptimizer& optimizer, const ReferenceStep& reference) {
  Descent descent(optimizer, NormalNumbers(0));
  std::vector<double> expected(descent.values().begin(), descent.values().end());
  for (int64_t step = 1; step <= kSteps; ++step) {
    const std::vector<float> gradient = NormalNumbers(step);
    descent.StepUpTo(step);
    for (size_t i = 0; i < kParameters; ++i) {
      expected[i] -= reference(i, step, expected[i], gradient[i]);
      ASSERT_NEAR(descent.values()[i], expected[i], 2e-6)
          << "parameter " << i << " after step " << step;
    }
  }
}

// Steps 1 to 4 by one optimiser and 5 to 10 by another of the same kind, which is given what the
// first remembers, give the bits that ten steps by one give.
template <typename AnyOptimizer, typename Options>
void ExpectResumesExactly(const Options& options, const Blocks& blocks) {
  const std::vector<float> values = NormalNumbers(0, TotalSize(blocks));
  Descent whole(AnyOptimizer(options, blocks), values);
  whole.StepUpTo(kSteps);
  Descent first(AnyOptimizer(options, blocks), values);
  first.StepUpTo(4);
  Descent second(AnyOptimizer(options, blocks), std::vector<float>(values.size()));
  second.GoOnFrom(first);
  second.StepUpTo(kSteps);
  EXPECT_EQ(second.values(), whole.values());
  EXPECT_EQ(second.slots(), whole.slots());
}

// Tensors of many sizes, some of which decay.
inline Blocks UnevenTensors() {
  return {{.begin = 0, .size = 3},
          {.begin = 3, .size = 14, .decays = false},
          {.begin = 17, .size = 2100},
          {.begin = 2117, .size = 1, .decays = false},
          {.begin = 2118, .size = 60, .decays = false},
          {.begin = 2178, .size = 900},
          {.begin = 3078, .size = 5}};
}

// Parts that cover the uneven tensors. One is empty, one holds the beginnings of two tensors and no
// whole one, some lie within a tensor, one ends where a tensor does.
inline std::vector<Part> UnevenParts() {
  return {{.begin = 0, .end = 1},       {.begin = 1, .end = 1},       {.begin = 1, .end = 40},
          {.begin = 40, .end = 1111},   {.begin = 1111, .end = 2117}, {.begin = 2117, .end = 2200},
          {.begin = 2200, .end = 2207}, {.begin = 2207, .end = 3083}};
}

// Ten steps in parts give the bits that ten whole ones give, with the parts from last to first and
// with all at the same time, each on a thread of its own.
template <typename AnyOptimizer, typename Options>
void ExpectSameBitsInParts(const Options& options) {
  const auto descend = [&options](const auto& divide) {
    const Blocks blocks = UnevenTensors();
    Descent descent(AnyOptimizer(options, blocks), NormalNumbers(0, TotalSize(blocks)));
    for (int64_t step = 1; step <= kSteps; ++step) {
      descent.Step(kLearningRate, NormalNumbers(step, TotalSize(blocks)), divide);
    }
    return descent;
  };
  const Descent whole = descend(
      [](const auto& step_of, size_t parameters) { step_of({.begin = 0, .end = parameters}); });
  const Descent reversed = descend([](const auto& step_of, size_t /*parameters*/) {
    std::vector<Part> parts = UnevenParts();
    std::ranges::reverse(parts);
    std::ranges::for_each(parts, step_of);
  });
  EXPECT_EQ(reversed.values(), whole.values());
  EXPECT_EQ(reversed.slots(), whole.slots());
  const Descent threaded = descend([](const auto& step_of, size_t /*parameters*/) {
    std::vector<std::jthread> threads;
    for (const Part part : UnevenParts()) {
      threads.emplace_back([&step_of, part] { step_of(part); });
    }
  });
  EXPECT_EQ(threaded.values(), whole.values());
  EXPECT_EQ(threaded.slots(), whole.slots());
}

// A step of a part of what are else no numbers leaves the rest alone, and gives numbers.
template <typename AnyOptimizer, typename Options>
void ExpectKeepsToItsPart(const Options& options) {
  const AnyOptimizer optimizer(options, UnevenTensors());
  ASSERT_TRUE(optimizer.updates_elements_alone());
  const Part part{.begin = 40, .end = 1111};
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  const size_t size = TotalSize(UnevenTensors());
  std::vector<std::vector<float>> arrays(2 + optimizer.slot_names().size(),
                                         std::vector<float>(size, kNone));
  std::vector<std::span<float>> slots;
  for (std::vector<float>& array : arrays) {
    std::fill(array.begin() + part.begin, array.begin() + part.end, 0.5F);
    slots.emplace_back(array);
  }
  optimizer.Step({.learning_rate = kLearningRate,
                  .values = arrays[0],
                  .gradient = arrays[1],
                  .slots = std::span(slots).subspan(2)},
                 part);
  for (const std::vector<float>& array : arrays) {
    for (size_t i = 0; i < size; ++i) {
      ASSERT_EQ(std::isnan(array[i]), i < part.begin || i >= part.end) << i;
    }
  }
}

// A step of an optimiser for three parameters is refused if an array is not as long, or too few
// or too many are remembered, or the part is not one of the parameters.
inline void ExpectRefusesOtherSizes(const Optimizer& optimizer) {
  const auto step = [&optimizer](size_t values, size_t gradient, size_t slot, size_t slots,
                                 Part part = {.begin = 0, .end = 3}) {
    std::vector<float> numbers(4);
    const std::vector<std::span<float>> memory(slots, std::span(numbers).first(slot));
    optimizer.Step({.values = std::span(numbers).first(values),
                    .gradient = std::span(numbers).first(gradient),
                    .slots = memory},
                   part);
  };
  const size_t slots = optimizer.slot_names().size();
  EXPECT_NO_THROW(step(3, 3, 3, slots));
  EXPECT_THROW(step(2, 3, 3, slots), CheckFailure);
  EXPECT_THROW(step(3, 4, 3, slots), CheckFailure);
  EXPECT_THROW(step(3, 3, 3, slots + 1), CheckFailure);
  if (slots > 0) {
    EXPECT_THROW(step(3, 3, 2, slots), CheckFailure);
    EXPECT_THROW(step(3, 3, 3, slots - 1), CheckFailure);
  }
  EXPECT_THROW(step(3, 3, 3, slots, {.begin = 0, .end = 4}), CheckFailure);
  EXPECT_THROW(step(3, 3, 3, slots, {.begin = 2, .end = 1}), CheckFailure);
}

}  // namespace lockstep
