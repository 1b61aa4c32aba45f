#include "trainer/data/step_plan.h"

#include <gtest/gtest.h>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

TEST(StepPlan, TheLastStepOfAnEpochTakesWhatIsLeft) {
  const StepPlan plan(/*samples=*/100, /*global_batch=*/32, /*microbatch=*/8);
  EXPECT_EQ(plan.steps_per_epoch(), 4);
  EXPECT_EQ(plan.Step(0).positions, (IndexRange{0, 32}));
  EXPECT_EQ(plan.Step(3).positions, (IndexRange{96, 100}));
  EXPECT_EQ(plan.Step(3).epoch, 0U);
  EXPECT_EQ(plan.Step(4).positions, (IndexRange{0, 32}));
  EXPECT_EQ(plan.Step(4).epoch, 1U);
}

TEST(StepPlan, TheLastMicrobatchOfAStepIsShort) {
  const StepPlan plan(/*samples=*/100, /*global_batch=*/30, /*microbatch=*/8);
  EXPECT_EQ(plan.MicrobatchCount(1), 4);
  EXPECT_EQ(plan.Microbatch(1, 0), (IndexRange{30, 38}));
  EXPECT_EQ(plan.Microbatch(1, 3), (IndexRange{54, 60}));
  EXPECT_EQ(plan.MicrobatchCount(3), 2);
  EXPECT_EQ(plan.Microbatch(3, 1), (IndexRange{98, 100}));
}

TEST(StepPlan, ABatchLargerThanTheDataIsOneStepAnEpoch) {
  const StepPlan plan(/*samples=*/5, /*global_batch=*/64, /*microbatch=*/64);
  EXPECT_EQ(plan.steps_per_epoch(), 1);
  EXPECT_EQ(plan.MicrobatchCount(7), 1);
  EXPECT_EQ(plan.Microbatch(7, 0), (IndexRange{0, 5}));
}

TEST(StepPlan, MicrobatchesCoverEachPositionOfAnEpochOnceInOrder) {
  for (const int64_t samples : {1, 7, 64, 97}) {
    for (const int64_t global_batch : {1, 10, 64, 200}) {
      for (const int64_t microbatch : {1, 3, 16, 300}) {
        const StepPlan plan(samples, global_batch, microbatch);
        int64_t next = 0;
        for (int64_t step = 0; step < plan.steps_per_epoch(); ++step) {
          for (int64_t index = 0; index < plan.MicrobatchCount(step); ++index) {
            const IndexRange range = plan.Microbatch(step, index);
            EXPECT_EQ(range.begin, next);
            EXPECT_GE(range.size(), 1);
            EXPECT_LE(range.size(), microbatch);
            next = range.end;
          }
        }
        EXPECT_EQ(next, samples);
      }
    }
  }
}

TEST(StepPlan, RefusesMicrobatchesPastTheStep) {
  const StepPlan plan(/*samples=*/100, /*global_batch=*/32, /*microbatch=*/8);
  EXPECT_THROW(plan.Microbatch(0, 4), CheckFailure);
  EXPECT_THROW(plan.Microbatch(3, 1), CheckFailure);
  EXPECT_THROW(plan.Step(-1), CheckFailure);
  EXPECT_THROW(StepPlan(0, 1, 1), CheckFailure);
}

TEST(DealMicrobatches, SharesAreContiguousAndDifferByAtMostOne) {
  for (const int64_t count : {0, 1, 2, 7, 8, 100}) {
    for (const int world : {1, 2, 3, 5, 16}) {
      int64_t next = 0;
      for (int rank = 0; rank < world; ++rank) {
        const IndexRange share = DealMicrobatches(count, rank, world);
        EXPECT_EQ(share.begin, next);
        EXPECT_GE(share.size(), count / world);
        EXPECT_LE(share.size(), count / world + 1);
        next = share.end;
      }
      EXPECT_EQ(next, count);
    }
  }
}

}  // namespace
}  // namespace lockstep
