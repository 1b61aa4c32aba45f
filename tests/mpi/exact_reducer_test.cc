#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "comm/exact_sum.h"
#include "comm/reducer.h"
#include "tests/mpi/microbatches.h"

namespace lockstep::comm {
namespace {

// Every test compares all bits with sums that each rank has computed alone.
// The parameter: how many ranks a node has at most.
class ExactReducerTest : public testing::TestWithParam<int> {
 protected:
  std::unique_ptr<Reducer> Make(int64_t size, int64_t bucket_elements) {
    return MakeExactReducer(world_, {.size = size, .bucket_elements = bucket_elements});
  }

  std::function<int(int64_t)> RoundRobin() const {
    return [size = world_.size()](int64_t m) { return static_cast<int>(m % size); };
  }

  // Runs one step and holds it against the reference.
  void ExpectExact(Reducer& reducer, int64_t size, const Dealing& dealing) {
    Contribute(reducer, world_.rank(), size, dealing);
    const StepResult result = FinishStep(reducer, size, 1.0 / 48);
    EXPECT_TRUE(result.in_range);
    EXPECT_EQ(result.gradient, ExactGradient(size, dealing.microbatches, 1.0 / 48));
  }

  Communicator world_ = Communicator::World(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Nodes, ExactReducerTest,
                         testing::Values(1, 2, std::numeric_limits<int>::max()),
                         [](const auto& most) {
                           return most.param > 2 ? std::string("One")
                                                 : "Of" + std::to_string(most.param);
                         });

TEST_P(ExactReducerTest, BitsDoNotDependOnTheSizeOfArrayOrBucket) {
  for (const int64_t size : {1, 2, 3, 255, 1024, 4096, 4097, 30'011}) {
    for (const int64_t bucket : {int64_t{1000}, int64_t{4096}, size, int64_t{1} << 20}) {
      SCOPED_TRACE(testing::Message() << size << " elements, buckets of " << bucket);
      const auto reducer = Make(size, bucket);
      ExpectExact(*reducer, size, {.rank_of = RoundRobin()});
    }
  }
}

TEST_P(ExactReducerTest, BucketsOfOneElementWork) {
  const auto reducer = Make(9, 1);
  ExpectExact(*reducer, 9, {.rank_of = RoundRobin()});
}

TEST_P(ExactReducerTest, BitsDoNotDependOnWhichRankComputesWhat) {
  constexpr int64_t kSize = 5003;
  const auto reducer = Make(kSize, 700);
  const int last = world_.size() - 1;
  const int size = world_.size();
  const std::vector<std::function<int(int64_t)>> dealings{
      RoundRobin(),
      [last](int64_t /*m*/) { return last; },  // the others have nothing to contribute
      [](int64_t /*m*/) { return 0; },
      [size](int64_t m) { return static_cast<int>(m * size / 11); },
      [last](int64_t m) { return m == 0 ? last : 0; },
  };
  for (size_t i = 0; i < dealings.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "dealing " << i);
    ExpectExact(*reducer, kSize, {.microbatches = 11, .rank_of = dealings[i]});
  }
}

TEST_P(ExactReducerTest, BitsDoNotDependOnThreadsOrOrder) {
  constexpr int64_t kSize = 20'011;
  const auto reducer = Make(kSize, 5000);
  for (const int threads : {1, 2, 5}) {
    for (uint32_t seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE(testing::Message() << threads << " threads, order " << seed);
      ExpectExact(
          *reducer, kSize,
          {.microbatches = 8, .rank_of = RoundRobin(), .threads = threads, .seed = seed * 100});
    }
  }
}

TEST_P(ExactReducerTest, FewerMicrobatchesThanRanksLeaveNobodyWaiting) {
  const auto reducer = Make(1000, 100);
  ExpectExact(*reducer, 1000, {.microbatches = 1, .rank_of = RoundRobin()});
}

TEST_P(ExactReducerTest, AValueOutOfRangeOnOneRankIsSeenByAllAndForgottenInTheNextStep) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr int64_t kSize = 1000;
  const auto reducer = Make(kSize, 300);
  for (const float bad : {std::nanf(""), kInfinity, -kInfinity, 0x1p15F, -3e38F}) {
    for (const size_t at : {size_t{0}, size_t{500}, size_t{999}}) {
      SCOPED_TRACE(testing::Message() << bad << " at " << at);
      reducer->Begin(1, world_.size());
      std::vector<float> values(kSize, 0.5F);
      if (world_.rank() == world_.size() - 1) {
        values[at] = bad;
      }
      reducer->Add(0, values);
      EXPECT_FALSE(FinishStep(*reducer, kSize, 1.0).in_range);
      ExpectExact(*reducer, kSize, {.rank_of = RoundRobin()});
    }
  }
}

TEST_P(ExactReducerTest, TheRangeOfAValueShrinksWithTheNumberOfContributions) {
  constexpr int64_t kContributions = 4096;
  ASSERT_EQ(GradientLimit(kContributions), 0x1p14);
  const auto reducer = Make(1, 1);
  for (const bool in_range : {true, false}) {
    const float value = in_range ? std::nextafter(0x1p14F, 0.0F) : 0x1p14F;
    const bool mine = world_.rank() == 0;
    reducer->Begin(mine ? kContributions : 0, kContributions);
    for (int64_t i = 0; mine && i < kContributions; ++i) {
      reducer->Add(0, std::span(&value, 1));
    }
    const StepResult result = FinishStep(*reducer, 1, 1.0 / kContributions);
    EXPECT_EQ(result.in_range, in_range);
    if (in_range) {
      EXPECT_EQ(result.gradient[0], value);
    }
  }
}

TEST_P(ExactReducerTest, SmallValuesSurviveBesideLargeOnes) {
  const auto reducer = Make(1, 1);
  reducer->Begin(3, 3 * world_.size());
  for (const float value : {30'000.0F, 0x1p-36F, -30'000.0F}) {
    reducer->Add(0, std::span(&value, 1));
  }
  EXPECT_EQ(FinishStep(*reducer, 1, 1.0).gradient[0], static_cast<float>(world_.size()) * 0x1p-36F);
}

}  // namespace
}  // namespace lockstep::comm
