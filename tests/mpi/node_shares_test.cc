#include "comm/node_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "comm/node_barrier.h"
#include "comm/node_memory.h"

namespace lockstep::comm {
namespace {

// CTest runs all ranks on one node.

bool Any(int64_t /*piece*/) { return true; }

// All that `worker` can take, in this order.
template <typename IsReady>
std::vector<int64_t> TakeAll(NodeShares* shares, int worker, const IsReady& is_ready) {
  std::vector<int64_t> pieces;
  while (const auto piece = shares->Take(worker, is_ready)) {
    pieces.push_back(*piece);
  }
  return pieces;
}

TEST(NodeShares, EveryPieceIsTakenOnceByAllThreadsOfAllRanksTogether) {
  constexpr int64_t kPieces = 1000;
  const Communicator world = Communicator::World();
  const int workers = 1 + world.rank() % 3;
  NodeShares shares(world, kPieces, workers);
  NodeBarrier barrier(world);
  NodeMemory memory(world, kPieces * sizeof(std::atomic<int>));
  auto* const taken = reinterpret_cast<std::atomic<int>*>(memory.bytes().data());
  if (world.node_rank() == 0) {
    std::uninitialized_value_construct_n(taken, kPieces);
  }
  memory.Publish();
  for (int pass = 1; pass <= 20; ++pass) {
    {
      std::vector<std::jthread> threads;
      threads.reserve(static_cast<size_t>(workers));
      for (int worker = 0; worker < workers; ++worker) {
        threads.emplace_back([&, worker] {
          for (const int64_t piece : TakeAll(&shares, worker, Any)) {
            ++taken[piece];
          }
        });
      }
    }
    barrier.Wait();
    EXPECT_THAT(std::vector<int>(taken, taken + kPieces), testing::Each(pass));
    barrier.Wait();
    shares.NextPass();
  }
}

TEST(NodeShares, AWorkerTakesItsOwnFirstFromTheLastToTheFirstAndThenThoseOfOthers) {
  const Communicator world = Communicator::World();
  const int64_t ranks = world.node_size();
  NodeShares shares(world, 6 * ranks, 2);
  NodeBarrier barrier(world);
  for (int64_t rank = 0; rank < ranks; ++rank) {
    const int64_t first = 6 * rank;
    if (rank == world.node_rank()) {
      const std::vector<int64_t> taken = TakeAll(&shares, 1, Any);
      ASSERT_EQ(std::ssize(taken), 6 * ranks);
      EXPECT_THAT(std::vector<int64_t>(taken.begin(), taken.begin() + 3),
                  testing::ElementsAre(first + 5, first + 4, first + 3));
      EXPECT_THAT(std::vector<int64_t>(taken.end() - 3, taken.end()),
                  testing::ElementsAre(first + 2, first + 1, first));
    }
    barrier.Wait();
    shares.NextPass();
  }
}

TEST(NodeShares, WhatIsNotReadyIsLeftUntilItIs) {
  const Communicator world = Communicator::World();
  NodeShares shares(world, 10 * world.node_size(), 1);
  NodeBarrier barrier(world);
  const int64_t first = 10 * world.node_rank();
  const auto is_ready = [&](int64_t piece) { return piece >= first + 7 && piece < first + 10; };
  EXPECT_THAT(TakeAll(&shares, 0, is_ready), testing::ElementsAre(first + 9, first + 8, first + 7));
  barrier.Wait();
  EXPECT_FALSE(shares.Take(0, [](int64_t /*piece*/) { return false; }).has_value());
  EXPECT_EQ(shares.Take(0, [&](int64_t piece) { return piece < first + 10; }), first + 6);
}

TEST(NodeShares, ThereMayBeMoreWorkersThanPieces) {
  const Communicator world = Communicator::World();
  for (const int64_t pieces : {0, 1}) {
    NodeShares shares(world, pieces, 3);
    NodeBarrier barrier(world);
    if (world.node_rank() == 0) {
      EXPECT_EQ(std::ssize(TakeAll(&shares, 2, Any)), pieces);
    }
    barrier.Wait();
    EXPECT_FALSE(shares.Take(0, Any).has_value());
    barrier.Wait();
  }
}

TEST(NodeShares, TheSharesOfRanksCoverAllPieces) {
  const Communicator world = Communicator::World();
  const Range own = NodeShares::OfRank(world, 100);
  NodeShares shares(world, 100, 2);
  NodeBarrier barrier(world);
  const auto is_own = [&](int64_t piece) { return piece >= own.begin && piece < own.end; };
  EXPECT_EQ(std::ssize(TakeAll(&shares, 0, is_own)), own.end - own.begin);
  barrier.Wait();
  EXPECT_FALSE(shares.Take(0, Any).has_value());
}

}  // namespace
}  // namespace lockstep::comm
