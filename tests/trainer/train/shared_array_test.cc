#include "trainer/train/shared_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace lockstep {
namespace {

// CTest runs all ranks on one node.

TEST(SharedArray, IsZeroAtFirst) {
  const comm::Communicator world = comm::Communicator::World();
  const SharedArray<double> array(1000, &world);
  EXPECT_EQ(array.values().size(), 1000U);
  EXPECT_THAT(array.values(), testing::Each(0));
}

TEST(SharedArray, WhatOneRankWritesAllSee) {
  const comm::Communicator world = comm::Communicator::World();
  SharedArray<float> array(3, &world);
  array.WriteOnce([&] { array.values()[1] += 5; });
  EXPECT_THAT(array.values(), testing::ElementsAre(0, 5, 0));
}

TEST(SharedArray, NumbersStayWhereTheyAreWhenItIsMoved) {
  const comm::Communicator world = comm::Communicator::World();
  for (const comm::Communicator* const communicator :
       {&world, static_cast<decltype(&world)>(nullptr)}) {
    SharedArray<float> array(100, communicator);
    const float* const before = array.values().data();
    const SharedArray<float> moved = std::move(array);
    EXPECT_EQ(moved.values().data(), before);
    EXPECT_THAT(moved.values(), testing::Each(0));
  }
}

TEST(SharedArray, WithoutACommunicatorItIsThisProcessAlone) {
  const comm::Communicator world = comm::Communicator::World();
  SharedArray<float> array(1, nullptr);
  array.WriteOnce([&] { array.values()[0] = static_cast<float>(world.rank()); });
  EXPECT_EQ(array.values()[0], world.rank());
}

}  // namespace
}  // namespace lockstep
