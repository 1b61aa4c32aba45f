#include "comm/node_barrier.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "comm/node_memory.h"

namespace lockstep::comm {
namespace {

// CTest runs all ranks on one node.

TEST(NodeBarrier, NobodyPassesBeforeAllHaveWrittenAndNobodyWritesBeforeAllHaveRead) {
  Communicator world = Communicator::World();
  NodeBarrier barrier(world);
  const auto ranks = static_cast<size_t>(world.node_size());
  const NodeMemory memory(world, ranks * sizeof(int64_t));
  auto* const numbers = reinterpret_cast<int64_t*>(memory.bytes().data());
  for (int64_t round = 1; round <= 2000; ++round) {
    numbers[world.node_rank()] = round;
    barrier.Wait();
    for (size_t rank = 0; rank < ranks; ++rank) {
      ASSERT_EQ(numbers[rank], round) << "of rank " << rank;
    }
    barrier.Wait();
  }
}

TEST(NodeBarrier, TwoBarriersCountForThemselves) {
  Communicator world = Communicator::World();
  NodeBarrier first(world);
  NodeBarrier second(world);
  for (int round = 0; round < 10; ++round) {
    first.Wait();
    first.Wait();
    second.Wait();
  }
}

TEST(NodeBarrier, WaitingTimeGrows) {
  Communicator world = Communicator::World();
  NodeBarrier barrier(world);
  EXPECT_EQ(barrier.wait_seconds(), 0);
  barrier.Wait();
  EXPECT_GT(barrier.wait_seconds(), 0);
}

}  // namespace
}  // namespace lockstep::comm
