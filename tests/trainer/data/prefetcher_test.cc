#include "trainer/data/prefetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "tests/trainer/data/small_datasets.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t kSamples = 100;

class PrefetcherTest : public testing::Test {
 protected:
  BatchLoader Loader() {
    return {Dataset::View(block_), Normalizer(2, {}), Sampler(3, AllSamples(kSamples))};
  }

  // All microbatches of `steps` steps.
  Prefetcher::NextRequest Requests(int64_t steps) {
    return [this, steps, step = int64_t{0},
            index = int64_t{0}]() mutable -> std::optional<MicrobatchRequest> {
      if (index == plan_.MicrobatchCount(step)) {
        ++step;
        index = 0;
      }
      return step == steps ? std::nullopt : std::optional(RequestFor(plan_, step, index++));
    };
  }

  std::vector<std::byte> block_ = Pack(SmallUint8Dataset(kSamples));
  StepPlan plan_{kSamples, /*global_batch=*/32, /*microbatch=*/5};
};

TEST_F(PrefetcherTest, DeliversEveryRequestInOrderThenNone) {
  Prefetcher prefetcher(Loader(), Requests(9), {.buffers = 3});
  BatchLoader loader = Loader();
  Microbatch expected;
  for (int64_t step = 0; step < 9; ++step) {
    for (int64_t index = 0; index < plan_.MicrobatchCount(step); ++index) {
      loader.Load(RequestFor(plan_, step, index), &expected);
      const auto lease = prefetcher.Take();
      ASSERT_TRUE(lease);
      EXPECT_EQ((*lease)->step, step);
      EXPECT_EQ((*lease)->index, index);
      EXPECT_EQ((*lease)->sample_ids, expected.sample_ids);
      EXPECT_EQ((*lease)->labels, expected.labels);
      EXPECT_EQ((*lease)->images, expected.images);
    }
  }
  EXPECT_FALSE(prefetcher.Take());
  EXPECT_FALSE(prefetcher.Take());
}

TEST_F(PrefetcherTest, PreparesTheLoadingThreadBeforeItLoads) {
  std::vector<std::thread::id> threads;
  const auto note_thread = [&threads] { threads.push_back(std::this_thread::get_id()); };
  std::latch asked(1);  // nobody takes before that: the loading thread is the one that asks
  auto next = [&]() -> std::optional<MicrobatchRequest> {
    note_thread();
    asked.count_down();
    return std::nullopt;
  };
  const Prefetcher prefetcher(Loader(), next, {.buffers = 1, .on_start = note_thread});
  asked.wait();
  ASSERT_EQ(threads.size(), 2);
  EXPECT_EQ(threads[0], threads[1]);
  EXPECT_NE(threads[0], std::this_thread::get_id());
}

TEST_F(PrefetcherTest, LoadsOnTheConsumersThreadWhereItIsNotToLoadAhead) {
  std::vector<std::thread::id> threads;
  auto next = [&, requests = Requests(3)]() mutable {
    threads.push_back(std::this_thread::get_id());
    return requests();
  };
  Prefetcher prefetcher(Loader(), next, {.buffers = 2, .ahead = false});
  EXPECT_TRUE(threads.empty());
  while (prefetcher.Take()) {
  }
  ASSERT_FALSE(threads.empty());
  EXPECT_THAT(threads, Each(std::this_thread::get_id()));
}

// As often as it likes between two takes, in parts that end anywhere.
TEST_F(PrefetcherTest, WhatAnIdleConsumerLoadsInPartsIsWhatItTakes) {
  Prefetcher prefetcher(Loader(), Requests(9), {.buffers = 3, .ahead = false});
  BatchLoader loader = Loader();
  Microbatch expected;
  int idle = 0;
  for (int64_t step = 0; step < 9; ++step) {
    for (int64_t index = 0; index < plan_.MicrobatchCount(step); ++index) {
      for (int i = 0; i < idle % 4; ++i) {
        prefetcher.LoadSome();
      }
      ++idle;
      loader.Load(RequestFor(plan_, step, index), &expected);
      const auto lease = prefetcher.Take();
      ASSERT_TRUE(lease);
      EXPECT_EQ((*lease)->step, step);
      EXPECT_EQ((*lease)->sample_ids, expected.sample_ids);
      EXPECT_EQ((*lease)->images, expected.images);
    }
  }
}

TEST_F(PrefetcherTest, AnIdleConsumerLoadsUntilAllBuffersAreFull) {
  Prefetcher prefetcher(Loader(), Requests(100), {.buffers = 2, .ahead = false});
  int calls = 0;
  while (prefetcher.LoadSome()) {
    ++calls;
  }
  EXPECT_GE(calls, 2) << "a part at a time";
  const auto first = prefetcher.Take();
  EXPECT_FALSE(prefetcher.LoadSome()) << "the lease keeps its buffer";
  const auto second = prefetcher.Take();
  EXPECT_EQ(prefetcher.wait_seconds(), 0) << "both were there";
  EXPECT_EQ((*second)->index, (*first)->index + 1);
}

TEST_F(PrefetcherTest, AnIdleConsumerFindsNothingAfterTheEnd) {
  Prefetcher prefetcher(Loader(), Requests(0), {.buffers = 2, .ahead = false});
  prefetcher.LoadSome();
  EXPECT_FALSE(prefetcher.LoadSome());
  EXPECT_FALSE(prefetcher.Take());
}

TEST_F(PrefetcherTest, ManyConsumersShareTheWorkWithoutLossOrRepetition) {
  Prefetcher prefetcher(Loader(), Requests(40), {.buffers = 5});
  std::mutex mutex;
  std::multiset<std::pair<int64_t, int64_t>> taken;
  const auto consume = [&] {
    while (const auto lease = prefetcher.Take()) {
      const std::scoped_lock lock(mutex);
      taken.emplace((*lease)->step, (*lease)->index);
    }
  };
  std::vector<std::thread> consumers;
  consumers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    consumers.emplace_back(consume);
  }
  for (std::thread& consumer : consumers) {
    consumer.join();
  }
  std::multiset<std::pair<int64_t, int64_t>> expected;
  for (int64_t step = 0; step < 40; ++step) {
    for (int64_t index = 0; index < plan_.MicrobatchCount(step); ++index) {
      expected.emplace(step, index);
    }
  }
  EXPECT_EQ(taken, expected);
}

TEST_F(PrefetcherTest, BuffersAreUsedOverAndOver) {
  Prefetcher prefetcher(Loader(), Requests(100), {.buffers = 3});
  std::set<const float*> buffers;
  while (const auto lease = prefetcher.Take()) {
    buffers.insert((*lease)->images.data());
  }
  EXPECT_LE(buffers.size(), 3U);
}

TEST_F(PrefetcherTest, ALeaseKeepsItsContentWhileOthersAreLoaded) {
  Prefetcher prefetcher(Loader(), Requests(4), {.buffers = 2});
  const auto held = prefetcher.Take();
  ASSERT_TRUE(held);
  const std::vector<float> images = (*held)->images;
  while (prefetcher.Take()) {
  }
  EXPECT_EQ((*held)->images, images);
  EXPECT_EQ((*held)->step, 0);
}

TEST_F(PrefetcherTest, AnExceptionReachesEveryTakeAfterTheMicrobatchesBeforeIt) {
  auto next = [this, index = int64_t{0}]() mutable -> std::optional<MicrobatchRequest> {
    if (index == 2) {
      throw DataError("sample 17 is damaged");
    }
    return RequestFor(plan_, 0, index++);
  };
  Prefetcher prefetcher(Loader(), next, {.buffers = 4});
  EXPECT_EQ((*prefetcher.Take())->index, 0);
  EXPECT_EQ((*prefetcher.Take())->index, 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT([&] { prefetcher.Take(); },
                ThrowsMessage<DataError>(HasSubstr("sample 17 is damaged")));
  }
}

TEST_F(PrefetcherTest, StopReleasesConsumersThatWait) {
  std::latch asked(1);
  std::latch answer(1);
  auto next = [&]() -> std::optional<MicrobatchRequest> {
    asked.count_down();
    answer.wait();
    return RequestFor(plan_, 0, 0);
  };
  Prefetcher prefetcher(Loader(), next, {.buffers = 2});
  std::atomic<int> released = 0;
  std::vector<std::thread> consumers;
  consumers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    consumers.emplace_back([&] {
      released += prefetcher.Take() ? 0 : 1;
      released.notify_all();
    });
  }
  asked.wait();
  std::thread stopper([&] { prefetcher.Stop(); });
  // One of the consumers may be loading: it comes back with its answer.
  for (int count = released; count < 2; count = released) {
    released.wait(count);
  }
  answer.count_down();
  for (std::thread& consumer : consumers) {
    consumer.join();
  }
  stopper.join();
  EXPECT_EQ(released, 3);
}

TEST_F(PrefetcherTest, StopsWhileTheLoaderWaitsForABuffer) {
  Prefetcher prefetcher(Loader(), Requests(1000), {.buffers = 1});
  const auto held = prefetcher.Take();
  prefetcher.Stop();
  EXPECT_FALSE(prefetcher.Take());
}

TEST_F(PrefetcherTest, DestructionNeedsNoConsumer) {
  for (int i = 0; i < 50; ++i) {
    const Prefetcher prefetcher(Loader(), Requests(1000), {.buffers = 3});
  }
}

TEST_F(PrefetcherTest, MeasuresTheTimeThatLoadingTakes) {
  Prefetcher prefetcher(Loader(), Requests(3), {.buffers = 2});
  while (prefetcher.Take()) {
  }
  const double loading = prefetcher.load_seconds();
  EXPECT_GT(loading, 0.0);
  EXPECT_LT(loading, 60.0);
  prefetcher.Stop();
  EXPECT_EQ(prefetcher.load_seconds(), loading);
}

TEST_F(PrefetcherTest, MeasuresTheTimeThatConsumersWait) {
  std::latch taking(1);
  auto next = [&, asked = false]() mutable -> std::optional<MicrobatchRequest> {
    taking.wait();
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {
    }
    return std::exchange(asked, true) ? std::nullopt : std::optional(RequestFor(plan_, 0, 0));
  };
  Prefetcher prefetcher(Loader(), next, {.buffers = 1});
  EXPECT_EQ(prefetcher.wait_seconds(), 0.0);
  taking.count_down();
  EXPECT_TRUE(prefetcher.Take());
  EXPECT_FALSE(prefetcher.Take());
  const double waited = prefetcher.wait_seconds();
  EXPECT_GT(waited, 0.0);
  EXPECT_LT(waited, 60.0);
  EXPECT_FALSE(prefetcher.Take());
  EXPECT_EQ(prefetcher.wait_seconds(), waited);
}

}  // namespace
}  // namespace lockstep
