#include "trainer/optim/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

constexpr RunLength kRun{.steps_per_epoch = 10, .total_steps = 100};

TEST(Schedule, ConstantIsOneThroughout) {
  for (const int64_t step : {1, 50, 100}) {
    EXPECT_EQ(LearningRateFactor({}, step, kRun), 1.0);
  }
}

TEST(Schedule, StepByEpochsChangesWithTheFirstStepOfAnEpoch) {
  const ScheduleOptions options{.decay = StepDecay{.every = {.epochs = 3}, .factor = 0.5},
                                .warmup = {}};
  EXPECT_EQ(LearningRateFactor(options, 1, kRun), 1.0);
  EXPECT_EQ(LearningRateFactor(options, 30, kRun), 1.0);
  EXPECT_EQ(LearningRateFactor(options, 31, kRun), 0.5);
  EXPECT_EQ(LearningRateFactor(options, 60, kRun), 0.5);
  EXPECT_EQ(LearningRateFactor(options, 61, kRun), 0.25);
}

TEST(Schedule, StepBySteps) {
  const ScheduleOptions options{.decay = StepDecay{.every = {.steps = 7}, .factor = 0.5},
                                .warmup = {}};
  EXPECT_EQ(LearningRateFactor(options, 7, kRun), 1.0);
  EXPECT_EQ(LearningRateFactor(options, 8, kRun), 0.5);
  EXPECT_EQ(LearningRateFactor(options, 15, kRun), 0.25);
}

TEST(Schedule, ExponentialIsAPowerOfTheEpoch) {
  const ScheduleOptions options{.decay = ExponentialDecay{.factor = 0.75}, .warmup = {}};
  EXPECT_EQ(LearningRateFactor(options, 10, kRun), 1.0);
  EXPECT_EQ(LearningRateFactor(options, 11, kRun), 0.75);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 100, kRun), std::pow(0.75, 9));
}

TEST(Schedule, CosineFallsFromOneToTheFinalFactor) {
  const ScheduleOptions options{.decay = CosineDecay{.final_factor = 0.2}, .warmup = {}};
  EXPECT_EQ(LearningRateFactor(options, 1, kRun), 1.0);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 51, kRun), 0.6);
  for (int64_t step = 1; step <= 100; ++step) {
    const double wave = (1 + std::cos(std::numbers::pi * static_cast<double>(step - 1) / 100)) / 2;
    EXPECT_DOUBLE_EQ(LearningRateFactor(options, step, kRun), 0.2 + 0.8 * wave) << step;
  }
}

TEST(Schedule, WarmupRisesInAStraightLineAndEndsAtOne) {
  const ScheduleOptions options{.decay = ConstantDecay{},
                                .warmup = Warmup{.length = {.steps = 4}, .start_factor = 0.2}};
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 1, kRun), 0.4);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 2, kRun), 0.6);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 3, kRun), 0.8);
  EXPECT_EQ(LearningRateFactor(options, 4, kRun), 1.0);
  EXPECT_EQ(LearningRateFactor(options, 5, kRun), 1.0);
}

TEST(Schedule, WarmupCountsEpochsToo) {
  const ScheduleOptions options{.decay = ConstantDecay{},
                                .warmup = Warmup{.length = {.epochs = 2}, .start_factor = 0}};
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 1, kRun), 0.05);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 19, kRun), 0.95);
  EXPECT_EQ(LearningRateFactor(options, 20, kRun), 1.0);
}

TEST(Schedule, CosineBeginsWhereTheWarmupEnds) {
  const ScheduleOptions options{.decay = CosineDecay{},
                                .warmup = Warmup{.length = {.steps = 20}, .start_factor = 0}};
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 10, kRun), 0.5);
  EXPECT_EQ(LearningRateFactor(options, 20, kRun), 1.0);
  EXPECT_EQ(LearningRateFactor(options, 21, kRun), 1.0);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 61, kRun), 0.5);
}

TEST(Schedule, WarmupMultipliesADecayThatHasBegun) {
  const ScheduleOptions options{.decay = ExponentialDecay{.factor = 0.5},
                                .warmup = Warmup{.length = {.steps = 20}, .start_factor = 0}};
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 16, kRun), 0.8 * 0.5);
}

TEST(Schedule, AWarmupAsLongAsTheRunNeverDecays) {
  const ScheduleOptions options{.decay = CosineDecay{},
                                .warmup = Warmup{.length = {.epochs = 10}, .start_factor = 0}};
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 99, kRun), 0.99);
  EXPECT_EQ(LearningRateFactor(options, 100, kRun), 1.0);
}

TEST(Schedule, RefusesAStepBeforeTheFirstAndIntervalsThatAreNone) {
  EXPECT_THROW(LearningRateFactor({}, 0, kRun), CheckFailure);
  const ScheduleOptions empty{.decay = StepDecay{.every = {}, .factor = 0.5}, .warmup = {}};
  EXPECT_THROW(LearningRateFactor(empty, 1, kRun), CheckFailure);
  const ScheduleOptions both{.decay = StepDecay{.every = {.epochs = 1, .steps = 1}, .factor = 0.5},
                             .warmup = {}};
  EXPECT_THROW(LearningRateFactor(both, 1, kRun), CheckFailure);
}

}  // namespace
}  // namespace lockstep
