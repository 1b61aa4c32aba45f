#include "comm/node_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "comm/error.h"

namespace lockstep::comm {
namespace {

// CTest runs all ranks on one node.

std::byte Pattern(size_t i) { return static_cast<std::byte>(i * 131 + i / 256); }

TEST(NodeMemory, AllRanksReadWhatTheFirstHasWritten) {
  Communicator world = Communicator::World();
  for (const size_t size : {size_t{0}, size_t{1}, size_t{63}, size_t{4096}, size_t{1'000'003}}) {
    NodeMemory memory(world, size);
    ASSERT_EQ(memory.bytes().size(), size);
    if (world.node_rank() == 0) {
      for (size_t i = 0; i < size; ++i) {
        memory.bytes()[i] = Pattern(i);
      }
    }
    memory.Publish();
    for (size_t i = 0; i < size; ++i) {
      ASSERT_EQ(memory.bytes()[i], Pattern(i)) << "byte " << i << " of " << size;
    }
  }
}

TEST(NodeMemory, IsOneCopyForTheWholeNode) {
  Communicator world = Communicator::World();
  NodeMemory memory(world, static_cast<size_t>(world.node_size()));
  memory.bytes()[static_cast<size_t>(world.node_rank())] = std::byte{42};
  memory.Publish();
  EXPECT_THAT(memory.bytes(), testing::Each(std::byte{42}));
}

TEST(NodeMemory, BeginsOnACacheLine) {
  Communicator world = Communicator::World();
  const NodeMemory first(world, 100);
  const NodeMemory second(world, 100);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first.bytes().data()) % 64, 0U);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(second.bytes().data()) % 64, 0U);
}

TEST(NodeMemory, OutlivesItsCommunicatorAndCanBeMoved) {
  std::optional<Communicator> world = Communicator::World();
  const bool first = world->node_rank() == 0;
  NodeMemory memory(*world, 10);
  world.reset();
  NodeMemory moved = std::move(memory);
  if (first) {
    moved.bytes()[9] = std::byte{7};
  }
  moved.Publish();
  EXPECT_EQ(moved.bytes()[9], std::byte{7});
}

TEST(NodeMemory, DifferentSizesAreAnErrorOnEveryRank) {
  Communicator world = Communicator::World();
  const bool differs = world.rank() == world.size() - 1;
  if (world.size() == 1) {
    GTEST_SKIP() << "a single rank agrees with itself";
  }
  try {
    const NodeMemory memory(world, differs ? 200 : 100);
    FAIL() << "the ranks did not notice";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(differs ? "200 bytes here" : "100 bytes here"));
    EXPECT_THAT(error.what(), testing::HasSubstr("between 100 and 200"));
  }
}

}  // namespace
}  // namespace lockstep::comm
