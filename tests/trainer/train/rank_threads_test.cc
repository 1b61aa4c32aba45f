#include "trainer/train/rank_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace lockstep {
namespace {

using testing::Ge;
using testing::SizeIs;

// The CPUs of a thread that loads microbatches, started as the pipeline starts it.
std::vector<int> LoaderCpus(const RankThreads& threads) {
  std::vector<int> cpus;
  std::thread([&] {
    threads.PlaceLoader();
    cpus = AllowedCpus();
  }).join();
  return cpus;
}

TEST(RankThreads, LoadingMayUseTheCpusThatWorkersLeaveFree) {
  const std::vector<int> before = AllowedCpus();
  comm::Communicator communicator = comm::Communicator::World();
  if (before.size() < 2 * static_cast<size_t>(communicator.size())) {
    GTEST_SKIP() << "needs two CPUs for each rank";
  }
  const RankThreads threads(1, &communicator);
  EXPECT_THAT(AllowedCpus(), SizeIs(1));  // this thread is the first worker
  EXPECT_TRUE(threads.LoadsAhead());
  EXPECT_THAT(LoaderCpus(threads), SizeIs(Ge(2)));
  PinThread(before);
}

TEST(RankThreads, ASingleWorkerWithoutACpuToSpareLoadsItsOwnMicrobatches) {
  const std::vector<int> before = AllowedCpus();
  PinThread({before.front()});
  comm::Communicator communicator = comm::Communicator::World();
  EXPECT_FALSE(RankThreads(1, &communicator).LoadsAhead());
  EXPECT_TRUE(RankThreads(2, &communicator).LoadsAhead());
  PinThread(before);
}

}  // namespace
}  // namespace lockstep
