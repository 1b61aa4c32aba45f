#include <gtest/gtest.h>

#include "comm/communicator.h"

namespace lockstep::comm {
namespace {

TEST(RankMap, NeighboursOnAHostAreARange) {
  EXPECT_EQ(RankMap({"node1", "node1", "node1", "node2", "node2"}),
            "ranks 0-2 on node1, 3-4 on node2");
}

TEST(RankMap, ALoneRankIsNoRange) {
  EXPECT_EQ(RankMap({"node1", "node1", "node2"}), "ranks 0-1 on node1, 2 on node2");
  EXPECT_EQ(RankMap({"node1"}), "rank 0 on node1");
}

TEST(RankMap, RanksDealtInTurnShowAsTheyAre) {
  EXPECT_EQ(RankMap({"a", "b", "a"}), "ranks 0 on a, 1 on b, 2 on a");
}

}  // namespace
}  // namespace lockstep::comm
