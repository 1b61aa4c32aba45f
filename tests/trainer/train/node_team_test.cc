#include "trainer/train/node_team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "trainer/train/shared_array.h"

namespace lockstep {
namespace {

class NodeTeamTest : public testing::Test {
 protected:
  comm::Communicator world_ = comm::Communicator::World();
};

// Ranks with different numbers of workers, too.
TEST_F(NodeTeamTest, EveryPieceIsDoneOnceInAPassAndAllRanksSeeIt) {
  for (const int workers : {1, 2, 1 + world_.rank()}) {
    WorkerPool pool(workers, [](int) {});
    for (const int64_t pieces : {0, 1, 99, 1000}) {
      SCOPED_TRACE(testing::Message() << pieces << " pieces, " << workers << " workers");
      NodeTeam team(&pool, world_, pieces);
      const SharedArray<int64_t> counts(static_cast<size_t>(pieces), &world_);
      const auto count = [&](int64_t piece) { ++counts.values()[piece]; };
      for (int64_t pass = 1; pass <= 20; ++pass) {
        team.DoAll(count);
        ASSERT_THAT(counts.values(), testing::Each(pass));
        team.DoAll([](int64_t) {});  // nobody counts on before all have looked
      }
    }
  }
}

TEST_F(NodeTeamTest, WhatHasBeenDoneAheadIsNotDoneAgain) {
  constexpr int64_t kPieces = 100;
  WorkerPool pool(2, [](int) {});
  NodeTeam team(&pool, world_, kPieces);
  const SharedArray<int64_t> counts(kPieces, &world_);
  const auto count = [&](int64_t piece) { ++counts.values()[piece]; };
  const auto is_ready = [](int64_t piece) { return piece >= 30; };
  for (int64_t pass = 1; pass <= 20; ++pass) {
    // All ranks but the last, until there is nothing more to do.
    while (world_.rank() + 1 < world_.size() && team.DoOneAhead(is_ready, count)) {
    }
    team.DoAll(count);
    ASSERT_THAT(counts.values(), testing::Each(pass));
    team.DoAll([](int64_t) {});
  }
}

TEST_F(NodeTeamTest, NothingIsDoneAheadThatIsNotReady) {
  WorkerPool pool(1, [](int) {});
  NodeTeam team(&pool, world_, 10);
  const auto is_ready = [](int64_t piece) { return piece >= 7; };
  const auto check = [](int64_t piece) { EXPECT_GE(piece, 7); };
  while (team.DoOneAhead(is_ready, check)) {
  }
  team.DoAll([](int64_t) {});
}

}  // namespace
}  // namespace lockstep
