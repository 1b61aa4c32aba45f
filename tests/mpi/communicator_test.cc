#include "comm/communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "comm/error.h"

namespace lockstep::comm {
namespace {

constexpr int64_t kSizes[] = {0, 1, 2, 3, 17, 255, 1024, 4097, 65'537};

TEST(Communicator, RanksAreNumberedAndKnowTheirHosts) {
  Communicator world = Communicator::World();
  EXPECT_GE(world.rank(), 0);
  EXPECT_LT(world.rank(), world.size());
  EXPECT_LT(world.node_rank(), world.node_size());
  EXPECT_LE(world.node_size(), world.size());
  ASSERT_EQ(world.host_names().size(), static_cast<size_t>(world.size()));
  EXPECT_EQ(world.host_names()[static_cast<size_t>(world.rank())], world.HostName());
  EXPECT_FALSE(world.HostName().empty());
  std::vector<int64_t> seen(static_cast<size_t>(world.size()));
  seen[static_cast<size_t>(world.rank())] = 1;
  world.AllReduceSum(seen);
  EXPECT_THAT(seen, testing::Each(1));
}

// Rank r gives (r + 1) * (i + 1), so the sum is (i + 1) * size * (size + 1) / 2.
TEST(Communicator, SumsOfIntegersFollowTheFormulaForAnySize) {
  Communicator world = Communicator::World();
  for (const int64_t size : kSizes) {
    std::vector<int64_t> values(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i) {
      values[static_cast<size_t>(i)] = (world.rank() + 1) * (i + 1);
    }
    world.AllReduceSum(values);
    for (int64_t i = 0; i < size; ++i) {
      ASSERT_EQ(values[static_cast<size_t>(i)], (i + 1) * world.size() * (world.size() + 1) / 2);
    }
  }
}

// Every rank holds the maximum of some elements: rank r gives -|i mod size - r|.
TEST(Communicator, MaximaFollowTheFormulaForAnySize) {
  Communicator world = Communicator::World();
  for (const int64_t size : kSizes) {
    std::vector<int64_t> values(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i) {
      values[static_cast<size_t>(i)] = i - std::abs(i % world.size() - world.rank());
    }
    world.AllReduceMax(values);
    for (int64_t i = 0; i < size; ++i) {
      ASSERT_EQ(values[static_cast<size_t>(i)], i);
    }
  }
}

TEST(Communicator, BroadcastCopiesRankZerosBytesOfAnySize) {
  Communicator world = Communicator::World();
  for (const int64_t size : kSizes) {
    std::vector<std::byte> bytes(static_cast<size_t>(size), std::byte{0xEE});
    const auto byte = [](int64_t i) { return static_cast<std::byte>(i * 31 + 7); };
    if (world.rank() == 0) {
      for (int64_t i = 0; i < size; ++i) {
        bytes[static_cast<size_t>(i)] = byte(i);
      }
    }
    world.Broadcast(bytes);
    for (int64_t i = 0; i < size; ++i) {
      ASSERT_EQ(bytes[static_cast<size_t>(i)], byte(i));
    }
  }
}

TEST(Communicator, BroadcastToNodesReachesTheFirstRankOfEachAndNobodyElse) {
  for (const int most_in_node : {1, 2, 100}) {
    Communicator world = Communicator::World(most_in_node);
    std::vector<std::byte> bytes(1000, static_cast<std::byte>(world.rank() + 1));
    world.BroadcastToNodes(bytes);
    const int expected = world.node_rank() == 0 ? 1 : world.rank() + 1;
    EXPECT_THAT(bytes, testing::Each(static_cast<std::byte>(expected)));
  }
}

TEST(Communicator, BroadcastOfTextReplacesWhatOtherRanksHold) {
  Communicator world = Communicator::World();
  using std::string_literals::operator""s;
  for (const std::string& text : {""s, "a job file"s, "with\0zero"s, std::string(100'003, 'x')}) {
    const std::string mine = world.rank() == 0 ? text : "rank " + std::to_string(world.rank());
    EXPECT_EQ(world.Broadcast(mine), text);
  }
}

TEST(Communicator, AllGatherKeepsEveryRanksTextAsItIs) {
  Communicator world = Communicator::World();
  const auto text = [](int rank) {
    return std::string(static_cast<size_t>(rank) * 1001, static_cast<char>('a' + rank));
  };
  const std::vector<std::string> texts = world.AllGather(text(world.rank()));
  ASSERT_EQ(texts.size(), static_cast<size_t>(world.size()));
  for (int rank = 0; rank < world.size(); ++rank) {
    EXPECT_EQ(texts[static_cast<size_t>(rank)], text(rank));
  }
}

// Rank r gives r, r, ...: `size` of them from even ranks and none from odd ones.
TEST(Communicator, GatherPutsEveryRanksBytesOneBehindAnotherOnRankZero) {
  Communicator world = Communicator::World();
  for (const int64_t size : kSizes) {
    const auto piece = [size](int rank) {
      return std::vector<std::byte>(static_cast<size_t>(rank % 2 == 0 ? size : 0),
                                    static_cast<std::byte>(rank));
    };
    std::vector<std::byte> expected;
    for (int rank = 0; world.rank() == 0 && rank < world.size(); ++rank) {
      const auto one = piece(rank);
      expected.insert(expected.end(), one.begin(), one.end());
    }
    EXPECT_EQ(world.Gather(piece(world.rank())), expected);
  }
}

TEST(Communicator, WorldsDoNotHearEachOther) {
  Communicator first = Communicator::World();
  Communicator second = Communicator::World();
  EXPECT_EQ(first.Broadcast("first"), "first");
  EXPECT_EQ(second.Broadcast("second"), "second");
}

TEST(Communicator, CanBeMoved) {
  Communicator world = Communicator::World();
  const Communicator other = Communicator::World();
  Communicator moved = std::move(world);
  moved = Communicator::World();
  EXPECT_EQ(moved.size(), other.size());
  EXPECT_EQ(moved.Broadcast("still there"), "still there");
}

// The last rank is a leaf of every broadcast tree, so its failure leaves nobody waiting.
TEST(Communicator, AFailureInMpiNamesRankOperationAndCause) {
  Communicator world = Communicator::World();
  const bool last = world.rank() == world.size() - 1;
  if (world.size() == 1) {
    GTEST_SKIP() << "nothing is sent between ranks";
  }
  std::vector<std::byte> bytes(last ? 8 : 16);
  if (!last) {
    world.Broadcast(bytes);
    return;
  }
  try {
    world.Broadcast(bytes);
    FAIL() << "16 bytes went into 8";
  } catch (const Error& error) {
    const std::string place = "rank " + std::to_string(world.rank()) + ": MPI_Bcast failed: ";
    EXPECT_THAT(error.what(),
                testing::AllOf(testing::StartsWith(place), testing::HasSubstr("essage truncated")));
  }
}

}  // namespace
}  // namespace lockstep::comm
