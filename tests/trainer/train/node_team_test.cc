#include "trainer/train/node_team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>

#include "trainer/train/shared_array.h"

namespace lockstep {
namespace {

class NodeTeamTest : public testing::Test {
 protected:
  comm::Communicator world_ = comm::Communicator::World();
};

// Ranks with different numbers of workers, too.
TEST_F(NodeTeamTest, PartsCoverEverythingOnceAndAllRanksSeeIt) {
  for (const int workers : {1, 2, 1 + world_.rank()}) {
    WorkerPool pool(workers, [](int) {});
    NodeTeam team(&pool, world_);
    for (const size_t size : {0, 1, 99, 100, 101, 5000}) {
      SCOPED_TRACE(testing::Message() << size << " elements, " << workers << " workers");
      const SharedArray<int64_t> counts(size, &world_);
      for (int64_t round = 1; round <= 20; ++round) {
        team.ForEachPart(size, 100, [&](Part part) {
          for (size_t i = part.begin; i < part.end; ++i) {
            ++counts.values()[i];
          }
        });
        ASSERT_THAT(counts.values(), testing::Each(round));
        team.ForEachPart(0, 1, [](Part) {});  // nobody counts on before all have looked
      }
    }
  }
}

TEST_F(NodeTeamTest, PartsBeginAtMultiplesOfTheGrain) {
  WorkerPool pool(3, [](int) {});
  NodeTeam team(&pool, world_);
  team.ForEachPart(1'000, 64, [](Part part) {
    EXPECT_EQ(part.begin % 64, 0U);
    EXPECT_TRUE(part.end % 64 == 0 || part.end == 1'000);
  });
}

TEST_F(NodeTeamTest, PartOfSaysWhatForEachPartGivesThisRank) {
  WorkerPool pool(3, [](int) {});
  NodeTeam team(&pool, world_);
  for (const size_t size : {0, 1, 64, 1000, 64'000}) {
    const Part own = NodeTeam::PartOf(world_, size, 64);
    std::atomic<size_t> elements = 0;
    team.ForEachPart(size, 64, [&](Part part) {
      EXPECT_GE(part.begin, own.begin);
      EXPECT_LE(part.end, own.end);
      elements += part.end - part.begin;
    });
    EXPECT_EQ(elements, own.end - own.begin);
  }
}

TEST_F(NodeTeamTest, EveryWorkerGetsItsShare) {
  constexpr size_t kWorkers = 2;
  WorkerPool pool(kWorkers, [](int) {});
  NodeTeam team(&pool, world_);
  const size_t members = kWorkers * static_cast<size_t>(world_.node_size());
  team.ForEachPart(10 * members, 1, [](Part part) { EXPECT_EQ(part.end - part.begin, 10U); });
}

}  // namespace
}  // namespace lockstep
