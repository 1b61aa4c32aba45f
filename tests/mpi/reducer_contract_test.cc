#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "comm/node_memory.h"
#include "comm/reducer.h"
#include "tests/mpi/microbatches.h"

namespace lockstep::comm {
namespace {

struct Kind {
  const char* name;
  std::unique_ptr<Reducer> (*make)(const Communicator& communicator, const ReducerOptions& options);
  int most_in_node = std::numeric_limits<int>::max();
};

// A number that all ranks of this machine count in. Collective.
class NodeCounter {
 public:
  NodeCounter() {
    if (machine_.rank() == 0) {
      new (&**this) std::atomic<int>(0);
    }
    memory_.Publish();
  }
  std::atomic<int>& operator*() const {
    return *reinterpret_cast<std::atomic<int>*>(memory_.bytes().data());
  }
  std::atomic<int>* operator->() const { return &**this; }

 private:
  Communicator machine_ = Communicator::World();
  NodeMemory memory_{machine_, sizeof(std::atomic<int>)};
};

// What every reducer promises.
class ReducerContract : public testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<Reducer> Make(const ReducerOptions& options) {
    return GetParam().make(world_, options);
  }

  // One contribution of the same value to every element.
  void AddAll(Reducer& reducer, int64_t size, float value = 1.0F) {
    reducer.Add(0, std::vector<float>(static_cast<size_t>(size), value));
  }

  bool IsLast() const { return world_.rank() == world_.size() - 1; }

  Communicator world_ = Communicator::World(GetParam().most_in_node);
};

INSTANTIATE_TEST_SUITE_P(All, ReducerContract,
                         testing::Values(Kind{"Exact", MakeExactReducer},
                                         Kind{"ExactInNodesOfTwo", MakeExactReducer, 2},
                                         Kind{"ExactInNodesOfOne", MakeExactReducer, 1},
                                         Kind{"Float", MakeFloatReducer},
                                         Kind{"FloatInNodesOfTwo", MakeFloatReducer, 2}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(ReducerContract, TalliesAreSummedOverThreadsRanksAndUntilAwait) {
  const auto reducer = Make({.size = 10, .bucket_elements = 4, .tallies = 3});
  for (int step = 0; step < 3; ++step) {
    reducer->Begin(1, world_.size());
    AddAll(*reducer, 10);
    reducer->Poll();
    {
      std::vector<std::jthread> threads;
      threads.reserve(4);
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
          for (int i = 0; i < 1000; ++i) {
            reducer->AddTally(0, 1);
            reducer->AddTally(2, -3);
          }
        });
      }
    }
    reducer->AddTally(1, (int64_t{1} << 53) + world_.rank());  // more than a double could hold
    const StepResult result = FinishStep(*reducer, 10, 1.0, 3);
    EXPECT_TRUE(result.in_range);
    const int64_t ranks = world_.size();
    EXPECT_THAT(
        result.tallies,
        testing::ElementsAre(4000 * ranks, ranks * (int64_t{1} << 53) + ranks * (ranks - 1) / 2,
                             -12'000 * ranks));
    EXPECT_THAT(result.gradient, testing::Each(static_cast<float>(ranks)));
  }
}

TEST_P(ReducerContract, TalliesAreRightEvenIfTheGradientIsNot) {
  const auto reducer = Make({.size = 1, .tallies = 1});
  reducer->Begin(1, world_.size());
  const float infinite = std::numeric_limits<float>::infinity();
  reducer->Add(0, std::span(&infinite, 1));
  reducer->AddTally(0, 5);
  const StepResult result = FinishStep(*reducer, 1, 1.0, 1);
  EXPECT_FALSE(result.in_range);
  EXPECT_EQ(result.tallies[0], 5 * world_.size());
}

TEST_P(ReducerContract, ANetworkWithoutParametersStillSumsTallies) {
  const auto reducer = Make({.size = 0, .tallies = 1});
  reducer->Begin(2, 2 * world_.size());
  reducer->AddTally(0, world_.rank());
  const StepResult result = FinishStep(*reducer, 0, 1.0, 1);
  EXPECT_TRUE(result.in_range);
  EXPECT_EQ(result.tallies[0], world_.size() * (world_.size() - 1) / 2);
}

TEST_P(ReducerContract, WhatARankIsGoingToReadChangesNothing) {
  constexpr int64_t kSize = 1000;
  for (const Range to_read : {Range{0, kSize}, {300, 301}, {500, 500}, {990, 2000}, {700, 200}}) {
    const auto reducer = Make({.size = kSize, .bucket_elements = 300, .to_read = to_read});
    for (const float value : {1.0F, 2.0F}) {
      reducer->Begin(1, world_.size());
      AddAll(*reducer, kSize, value);
      const StepResult result = FinishStep(*reducer, kSize, 1.0);
      EXPECT_TRUE(result.in_range);
      EXPECT_THAT(result.gradient, testing::Each(value * static_cast<float>(world_.size())));
    }
  }
}

TEST_P(ReducerContract, AValueOutOfRangeIsNoticedWhereverItIsRead) {
  for (const int64_t place : {0, 9, 10, 19, 20, 29}) {
    const auto reducer = Make({.size = 30, .to_read = {.begin = 10, .end = 20}});
    reducer->Begin(1, world_.size());
    std::vector<float> values(30, 1.0F);
    values[static_cast<size_t>(place)] = std::numeric_limits<float>::quiet_NaN();
    reducer->Add(0, values);
    EXPECT_FALSE(FinishStep(*reducer, 30, 1.0).in_range) << place;
  }
}

// Ranks poll at different moments, between collectives of the program's own.
TEST_P(ReducerContract, OtherCollectivesMayComeBetween) {
  constexpr int64_t kSize = 1000;
  const auto reducer = Make({.size = kSize, .bucket_elements = 100});
  for (int step = 0; step < 4; ++step) {
    reducer->Begin(1, world_.size());
    AddAll(*reducer, kSize);
    std::vector<int64_t> values(1000, 1);
    if (world_.rank() % 2 == step % 2) {
      reducer->Poll();
    }
    world_.AllReduceSum(values);
    if (world_.rank() == step % world_.size()) {
      reducer->Poll();
    }
    EXPECT_EQ(world_.Broadcast("between"), "between");
    EXPECT_THAT(values, testing::Each(world_.size()));
    EXPECT_THAT(FinishStep(*reducer, kSize, 1.0).gradient,
                testing::Each(static_cast<float>(world_.size())));
  }
}

// Ranks start the buckets of one before those of the other, in different order.
TEST_P(ReducerContract, TwoReducersDoNotDisturbEachOther) {
  const auto first = Make({.size = 100, .bucket_elements = 30});
  const auto second = Make({.size = 100, .bucket_elements = 30});
  first->Begin(1, world_.size());
  second->Begin(1, world_.size());
  AddAll(*first, 100, 1.0F);
  AddAll(*second, 100, 5.0F);
  Reducer& early = world_.rank() % 2 == 0 ? *first : *second;
  early.Poll();
  first->Poll();
  second->Poll();
  const auto ranks = static_cast<float>(world_.size());
  EXPECT_THAT(FinishStep(*first, 100, 2.0).gradient, testing::Each(2.0F * ranks));
  EXPECT_THAT(FinishStep(*second, 100, 2.0).gradient, testing::Each(10.0F * ranks));
}

// Were a poll of one rank alone to start anything, the others' buckets would meet the wrong ones.
TEST_P(ReducerContract, PollBetweenStepsDoesNothing) {
  const auto reducer = Make({.size = 100, .bucket_elements = 30});
  for (int step = 0; step < 2; ++step) {
    if (world_.rank() == 0) {
      reducer->Poll();
    }
    reducer->Begin(1, world_.size());
    AddAll(*reducer, 100);
    EXPECT_THAT(FinishStep(*reducer, 100, 1.0).gradient,
                testing::Each(static_cast<float>(world_.size())));
  }
}

TEST_P(ReducerContract, WaitingTimeGrowsWithEveryStep) {
  const auto reducer = Make({.size = 100});
  EXPECT_EQ(reducer->wait_seconds(), 0.0);
  double before = 0;
  for (int step = 0; step < 3; ++step) {
    reducer->Begin(1, world_.size());
    AddAll(*reducer, 100);
    FinishStep(*reducer, 100, 1.0);
    EXPECT_GT(reducer->wait_seconds(), before);
    before = reducer->wait_seconds();
  }
}

// The last rank contributes only when another has found something to do.
TEST_P(ReducerContract, ARankThatWaitsDoesSomethingElseMeanwhile) {
  if (world_.size() == 1) {
    GTEST_SKIP() << "nobody to wait for";
  }
  const NodeCounter calls;
  const auto reducer = Make({.size = 100});
  for (int step = 1; step <= 3; ++step) {
    reducer->Begin(1, world_.size());
    const int before = 100 * step;
    while (IsLast() && *calls < before) {
      reducer->Poll();
    }
    AddAll(*reducer, 100);
    const StepResult result =
        FinishStep(*reducer, 100, 1.0, 0, [&] { return calls->fetch_add(1) >= 0; });
    EXPECT_THAT(result.gradient, testing::Each(static_cast<float>(world_.size())));
    EXPECT_GE(*calls, before);
    world_.AllGather("");
  }
}

// Backward comes to the last elements first. The last rank contributes the rest only when all
// others have read the sums of these.
TEST_P(ReducerContract, SumsThatAreThereEarlyCanBeReadEarly) {
  constexpr int64_t kSize = 1000;
  constexpr int64_t kEarly = 400;  // a bucket and a half begin behind it
  const NodeCounter readers;
  const auto reducer = Make({.size = kSize, .bucket_elements = 400});
  for (int step = 1; step <= 3; ++step) {
    const auto value = static_cast<float>(step);
    const auto sum = static_cast<float>(step * world_.size());
    reducer->Begin(1, world_.size());
    EXPECT_FALSE(reducer->Has(kEarly, kSize)) << "this rank's contribution is missing";
    reducer->Add(kEarly, std::vector<float>(kSize - kEarly, value));
    while (IsLast() && *readers < step * (world_.size() - 1)) {
      reducer->Poll();
    }
    reducer->Add(0, std::vector<float>(kEarly, value));
    std::vector<float> early(kSize - 600);
    bool has_read = IsLast();
    const auto read_early = [&] {
      if (has_read || !reducer->Has(600, kSize)) {
        return false;
      }
      EXPECT_FALSE(reducer->Has(599, kSize)) << "an element of the next bucket";
      EXPECT_FALSE(reducer->Has(0, 1));
      reducer->Read(600, 1.0, early);
      has_read = true;
      ++*readers;
      return true;
    };
    EXPECT_THAT(FinishStep(*reducer, kSize, 1.0, 0, read_early).gradient, testing::Each(sum));
    if (!IsLast()) {
      EXPECT_THAT(early, testing::Each(sum));
    }
    EXPECT_FALSE(reducer->Has(0, kSize)) << "finished";
    world_.AllGather("");
  }
}

TEST_P(ReducerContract, SumsAreThereWhenThoseOfAllTheirBucketsAre) {
  const auto reducer = Make({.size = 1000, .bucket_elements = 400});
  reducer->Begin(1, world_.size());
  reducer->Add(200, std::vector<float>(400, 1.0F));
  world_.AllGather("");
  reducer->Poll();
  EXPECT_FALSE(reducer->Has(200, 1000)) << "the last bucket is missing";
  EXPECT_FALSE(reducer->Has(199, 600)) << "the first bucket is missing";
  world_.AllGather("");
  reducer->Add(0, std::vector<float>(200, 1.0F));
  reducer->Add(600, std::vector<float>(400, 1.0F));
  EXPECT_TRUE(reducer->Await({}, NothingElse));
  EXPECT_TRUE(reducer->Has(0, 1000));
  reducer->Finish();
}

// Early readers cannot know it.
TEST_P(ReducerContract, MeaninglessSumsCanBeReadAllTheSame) {
  const auto reducer = Make({.size = 100});
  for (int step = 0; step < 2; ++step) {
    reducer->Begin(2, 2 * world_.size());
    AddAll(*reducer, 100, std::numeric_limits<float>::quiet_NaN());
    AddAll(*reducer, 100, -std::numeric_limits<float>::infinity());
    EXPECT_FALSE(FinishStep(*reducer, 100, 1.0).in_range);
  }
}

TEST_P(ReducerContract, StepsOutOfOrderAreRefused) {
  const auto reducer = Make({.size = 10});
  std::vector<float> gradient(10);
  EXPECT_THROW(reducer->Await({}, NothingElse), std::logic_error) << "no step";
  EXPECT_THROW(AddAll(*reducer, 10), std::logic_error) << "no step";
  reducer->Begin(2, 2 * world_.size());
  EXPECT_THROW(reducer->Begin(2, 2 * world_.size()), std::logic_error);
  AddAll(*reducer, 10);
  AddAll(*reducer, 9);
  EXPECT_THROW(reducer->Await({}, NothingElse), std::logic_error) << "one element missing";
  EXPECT_THROW(AddAll(*reducer, 10), std::logic_error) << "nine too many";
  const float one = 1.0F;
  reducer->Add(9, std::span(&one, 1));
  EXPECT_THROW(reducer->Read(0, 1.0, gradient), std::logic_error) << "not awaited";
  EXPECT_THROW(reducer->Finish(), std::logic_error) << "not awaited";
  EXPECT_TRUE(reducer->Await({}, NothingElse));
  EXPECT_THROW(reducer->Await({}, NothingElse), std::logic_error) << "twice";
  EXPECT_THROW(reducer->Begin(1, world_.size()), std::logic_error) << "not finished";
  reducer->Read(0, 1.0, gradient);
  reducer->Finish();
  EXPECT_THROW(reducer->Read(0, 1.0, gradient), std::logic_error) << "finished";
  EXPECT_THAT(gradient, testing::Each(2.0F * static_cast<float>(world_.size())));
}

// As the workers of a rank do.
TEST_P(ReducerContract, ThreadsReadPartsAtTheSameTime) {
  constexpr int64_t kSize = 10'000;
  constexpr int64_t kPart = 1700;
  const auto reducer = Make({.size = kSize, .bucket_elements = 3000});
  for (int step = 1; step <= 3; ++step) {
    reducer->Begin(1, world_.size());
    AddAll(*reducer, kSize, static_cast<float>(step));
    ASSERT_TRUE(reducer->Await({}, NothingElse));
    std::vector<float> gradient(kSize);
    {
      std::vector<std::jthread> threads;
      for (int64_t begin = 0; begin < kSize; begin += kPart) {
        threads.emplace_back([&, begin] {
          const int64_t count = std::min(kPart, kSize - begin);
          reducer->Read(begin, 1.0, std::span(gradient).subspan(begin, count));
        });
      }
    }
    reducer->Finish();
    EXPECT_THAT(gradient, testing::Each(static_cast<float>(step * world_.size())));
  }
}

// The others' next contributions must not come into sums that a rank still reads.
TEST_P(ReducerContract, ASlowReaderGetsTheSumsOfItsOwnStep) {
  const auto reducer = Make({.size = 5000, .bucket_elements = 1000});
  std::vector<float> gradient(5000);
  for (int step = 1; step <= 50; ++step) {
    reducer->Begin(1, world_.size());
    AddAll(*reducer, 5000, static_cast<float>(step));
    ASSERT_TRUE(reducer->Await({}, NothingElse));
    for (int again = 0; again < (world_.rank() == step % world_.size() ? 5 : 1); ++again) {
      reducer->Read(0, 1.0, gradient);
      ASSERT_EQ(std::ranges::count(gradient, static_cast<float>(step * world_.size())), 5000);
    }
    reducer->Finish();
  }
}

TEST_P(ReducerContract, ImpossibleNumbersAreRefused) {
  EXPECT_THROW(Make({.size = -1}), std::logic_error);
  EXPECT_THROW(Make({.size = 1, .bucket_elements = 0}), std::logic_error);
  EXPECT_THROW(Make({.size = 1, .bucket_elements = int64_t{1} << 31}), std::logic_error);
  const auto reducer = Make({.size = 10, .tallies = 2});
  EXPECT_THROW(reducer->Begin(-1, 1), std::logic_error);
  EXPECT_THROW(reducer->Begin(2, 1), std::logic_error);
  EXPECT_THROW(reducer->Begin(0, 0), std::logic_error);
  reducer->Begin(1, world_.size());
  EXPECT_THROW(AddAll(*reducer, 11), std::logic_error);
  EXPECT_THROW(reducer->Add(-1, std::vector<float>(2)), std::logic_error);
  EXPECT_THROW(reducer->AddTally(2, 1), std::logic_error);
  EXPECT_THROW(reducer->AddTally(-1, 1), std::logic_error);
  AddAll(*reducer, 10);
  std::vector<float> gradient(10);
  std::vector<int64_t> tallies(2);
  EXPECT_THROW(reducer->Await(std::span(tallies).first(1), NothingElse), std::logic_error);
  EXPECT_TRUE(reducer->Await(tallies, NothingElse));
  EXPECT_THROW(reducer->Read(1, 1.0, gradient), std::logic_error);
  EXPECT_THROW(reducer->Read(-1, 1.0, gradient), std::logic_error);
  reducer->Finish();
}

}  // namespace
}  // namespace lockstep::comm
