#include "trainer/train/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

namespace lockstep {
namespace {

const auto kNothing = [](int) {};

TEST(WorkerPool, EveryWorkerRunsOnceARound) {
  WorkerPool pool(4, kNothing);
  std::vector<std::atomic<int>> runs(4);
  for (int round = 0; round < 50; ++round) {
    pool.Run([&](int worker) { ++runs[worker]; });
  }
  for (const auto& count : runs) {
    EXPECT_EQ(count, 50);
  }
}

TEST(WorkerPool, WorkerZeroIsTheCallersThread) {
  WorkerPool pool(3, kNothing);
  std::vector<std::thread::id> ids(3);
  pool.Run([&](int worker) { ids[worker] = std::this_thread::get_id(); });
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 3U);
}

TEST(WorkerPool, OnStartRunsFirstOnEachThread) {
  std::vector<std::thread::id> started(3);
  WorkerPool pool(3, [&](int worker) { started[worker] = std::this_thread::get_id(); });
  std::vector<std::thread::id> ids(3);
  pool.Run([&](int worker) { ids[worker] = std::this_thread::get_id(); });
  EXPECT_EQ(started, ids);
}

TEST(WorkerPool, TheLowestWorkersFailureIsThrownAfterAllAreDone) {
  WorkerPool pool(4, kNothing);
  std::atomic<int> finished = 0;
  try {
    pool.Run([&](int worker) {
      ++finished;
      if (worker >= 2) {
        throw std::runtime_error("worker " + std::to_string(worker));
      }
    });
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "worker 2");
  }
  EXPECT_EQ(finished, 4);
}

TEST(WorkerPool, WorksOnAfterAFailure) {
  WorkerPool pool(2, kNothing);
  EXPECT_THROW(pool.Run([](int) { throw std::runtime_error("once"); }), std::runtime_error);
  std::atomic<int> runs = 0;
  pool.Run([&](int) { ++runs; });
  EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace lockstep
