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

TEST(Schedule, MultiStepChangesAfterEachMilestone) {
  const ScheduleOptions epochs{
      .decay = MultiStepDecay{.milestones = {{.epochs = 3}, {.epochs = 5}}, .factor = 0.5},
      .warmup = {}};
  EXPECT_EQ(LearningRateFactor(epochs, 30, kRun), 1.0);
  EXPECT_EQ(LearningRateFactor(epochs, 31, kRun), 0.5);
  EXPECT_EQ(LearningRateFactor(epochs, 50, kRun), 0.5);
  EXPECT_EQ(LearningRateFactor(epochs, 51, kRun), 0.25);
  EXPECT_EQ(LearningRateFactor(epochs, 100, kRun), 0.25);
  const ScheduleOptions steps{
      .decay = MultiStepDecay{.milestones = {{.steps = 7}, {.steps = 8}}, .factor = 0.5},
      .warmup = {}};
  EXPECT_EQ(LearningRateFactor(steps, 7, kRun), 1.0);
  EXPECT_EQ(LearningRateFactor(steps, 8, kRun), 0.5);
  EXPECT_EQ(LearningRateFactor(steps, 9, kRun), 0.25);
}

TEST(Schedule, InverseIsCaffes) {
  const ScheduleOptions options{.decay = InverseDecay{.gamma = 0.5, .power = 2}, .warmup = {}};
  EXPECT_EQ(LearningRateFactor(options, 1, kRun), 1.0);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 3, kRun), 0.25);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 99, kRun), 1.0 / 2500);
}

TEST(Schedule, PolynomialFallsFromOneTheWayItsPowerSays) {
  const ScheduleOptions line{.decay = PolynomialDecay{.power = 1, .final_factor = 0.2},
                             .warmup = {}};
  EXPECT_EQ(LearningRateFactor(line, 1, kRun), 1.0);
  EXPECT_DOUBLE_EQ(LearningRateFactor(line, 51, kRun), 0.6);
  EXPECT_DOUBLE_EQ(LearningRateFactor(line, 101, kRun), 0.2);
  const ScheduleOptions square{.decay = PolynomialDecay{.power = 2}, .warmup = {}};
  EXPECT_DOUBLE_EQ(LearningRateFactor(square, 51, kRun), 0.25);
  EXPECT_EQ(LearningRateFactor(square, 200, kRun), 0.0);
}

TEST(Schedule, OneCycleRisesToOneAndFallsToTheEnd) {
  // The peak is at step 0.25 * 100, the end at step 100; PyTorch counts from 0.
  const OneCycle cycle{.peak_at = 0.25, .start_factor = 0.2, .final_factor = 0.1, .linear = true};
  const ScheduleOptions options{.decay = cycle, .warmup = {}};
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 1, kRun), 0.2);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 13, kRun), 0.6);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 25, kRun), 1.0);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 50, kRun), 0.7);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 100, kRun), 0.1);
  EXPECT_DOUBLE_EQ(LearningRateFactor(options, 200, kRun), 0.1);
}

TEST(Schedule, OneCycleOfFewStepsStaysWithinItsBounds) {
  for (const int64_t total : {1, 2, 3, 4}) {
    for (const bool linear : {false, true}) {
      const ScheduleOptions options{.decay = OneCycle{.linear = linear}, .warmup = {}};
      for (int64_t step = 1; step <= total + 1; ++step) {
        const double factor =
            LearningRateFactor(options, step, {.steps_per_epoch = 1, .total_steps = total});
        EXPECT_GE(factor, 0) << step << " of " << total;
        EXPECT_LE(factor, 1) << step << " of " << total;
      }
    }
  }
}

TEST(Schedule, PolynomialAndOneCycleBeginWhereTheWarmupEnds) {
  const Warmup warmup{.length = {.steps = 20}, .start_factor = 0};
  const ScheduleOptions line{.decay = PolynomialDecay{}, .warmup = warmup};
  EXPECT_DOUBLE_EQ(LearningRateFactor(line, 10, kRun), 0.5);
  EXPECT_EQ(LearningRateFactor(line, 21, kRun), 1.0);
  EXPECT_DOUBLE_EQ(LearningRateFactor(line, 61, kRun), 0.5);
  const OneCycle cycle{.peak_at = 0.5, .start_factor = 0.2, .final_factor = 0, .linear = true};
  const ScheduleOptions after{.decay = cycle, .warmup = warmup};
  EXPECT_DOUBLE_EQ(LearningRateFactor(after, 10, kRun), 0.5 * 0.2);
  EXPECT_DOUBLE_EQ(LearningRateFactor(after, 21, kRun), 0.2);
  EXPECT_DOUBLE_EQ(LearningRateFactor(after, 60, kRun), 1.0);
}

TEST(BatchScaling, FollowsTheBatchByItsRule) {
  EXPECT_EQ(BatchScalingFactor(BatchScaling::kNone, 1024, 0), 1.0);
  EXPECT_EQ(BatchScalingFactor(BatchScaling::kLinear, 1024, 256), 4.0);
  EXPECT_EQ(BatchScalingFactor(BatchScaling::kLinear, 64, 256), 0.25);
  EXPECT_EQ(BatchScalingFactor(BatchScaling::kSquareRoot, 1024, 256), 2.0);
  EXPECT_THROW(BatchScalingFactor(BatchScaling::kLinear, 1024, 0), CheckFailure);
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
