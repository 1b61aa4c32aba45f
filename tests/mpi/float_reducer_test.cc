#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "comm/reducer.h"
#include "tests/mpi/microbatches.h"

namespace lockstep::comm {
namespace {

class FloatReducerTest : public testing::Test {
 protected:
  std::unique_ptr<Reducer> Make(int64_t size, int64_t bucket_elements) {
    return MakeFloatReducer(world_, {.size = size, .bucket_elements = bucket_elements});
  }

  Communicator world_ = Communicator::World();
};

// Rank r gives r + 1 + i mod 7: whole numbers, whose sums floats hold exactly.
TEST_F(FloatReducerTest, SumsFollowTheFormulaForAnySizeAndBucket) {
  const int ranks = world_.size();
  for (const int64_t size : {1, 3, 1023, 4097, 30'011}) {
    for (const int64_t bucket : {int64_t{1000}, size}) {
      SCOPED_TRACE(testing::Message() << size << " elements, buckets of " << bucket);
      const auto reducer = Make(size, bucket);
      std::vector<float> values;
      for (int64_t i = 0; i < size; ++i) {
        values.push_back(static_cast<float>(world_.rank() + 1 + i % 7));
      }
      reducer->Begin(1, ranks);
      reducer->Add(0, values);
      reducer->Poll();
      const StepResult result = FinishStep(*reducer, size, 0.5);
      EXPECT_TRUE(result.in_range);
      for (int64_t i = 0; i < size; ++i) {
        const int64_t sum = ranks * (ranks + 1) / 2 + ranks * (i % 7);
        ASSERT_EQ(result.gradient[static_cast<size_t>(i)], static_cast<float>(sum) * 0.5F);
      }
    }
  }
}

TEST_F(FloatReducerTest, ThreadsAndRanksAddUpToRoundingError) {
  constexpr int64_t kSize = 20'011;
  const auto reducer = Make(kSize, 3000);
  const std::vector<float> exact = ExactGradient(kSize, 8, 1.0);
  for (int step = 0; step < 3; ++step) {
    Contribute(*reducer, world_.rank(), kSize,
               {.microbatches = 8,
                .rank_of = [&](int64_t m) { return static_cast<int>(m % world_.size()); },
                .threads = 3});
    const StepResult result = FinishStep(*reducer, kSize, 1.0);
    EXPECT_TRUE(result.in_range);
    for (size_t i = 0; i < result.gradient.size(); ++i) {
      ASSERT_NEAR(result.gradient[i], exact[i], 8 * 8 * 0x1p-24) << "element " << i;
    }
  }
}

TEST_F(FloatReducerTest, AValueThatIsNotFiniteOnOneRankIsSeenByAllAndForgottenInTheNextStep) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr int64_t kSize = 1000;
  const auto reducer = Make(kSize, 300);
  for (const float bad : {std::nanf(""), kInfinity, -kInfinity, 3e38F}) {
    std::vector<float> values(kSize, 1.0F);
    for (const bool clean : {false, true}) {
      SCOPED_TRACE(testing::Message() << bad << (clean ? " in the step before" : ""));
      values[500] = !clean && world_.rank() == 0 ? bad : 1.0F;
      reducer->Begin(1, world_.size());
      reducer->Add(0, values);
      const StepResult result = FinishStep(*reducer, kSize, 1.0);
      EXPECT_EQ(result.in_range, clean);
      if (clean) {
        EXPECT_THAT(result.gradient, testing::Each(static_cast<float>(world_.size())));
      }
    }
  }
}

TEST_F(FloatReducerTest, TakesValuesThatFixedPointWouldRefuse) {
  const auto reducer = Make(1, 1);
  reducer->Begin(1, world_.size());
  const float large = 1e30F;
  reducer->Add(0, std::span(&large, 1));
  const StepResult result = FinishStep(*reducer, 1, 1.0 / world_.size());
  EXPECT_TRUE(result.in_range);
  EXPECT_FLOAT_EQ(result.gradient[0], large);
}

}  // namespace
}  // namespace lockstep::comm
