#include "trainer/nn/memory_plan.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "trainer/base/random.h"
#include "trainer/nn/layers/add.h"
#include "trainer/nn/layers/relu.h"

namespace lockstep {
namespace {

constexpr int kBatch = 4;
constexpr int64_t kValue = kBatch * 16 * sizeof(float);

Net Chain(int layers) {
  Net net({.channels = 16}, kBatch);
  for (int i = 0; i < layers; ++i) {
    net.Add("relu" + std::to_string(i), std::make_unique<Relu>(), {i == 0 ? Net::kInput : i - 1});
  }
  return net;
}

MemoryPlan Plan(const Net& net, Phase phase) {
  const std::vector<Stage> stages = PlanStages(net, phase);
  return PlanMemory(net, stages, PlanRuns(net, stages), phase);
}

int64_t Bytes(const Net& net, Phase phase) { return Plan(net, phase).bytes; }

TEST(PlaceBlocks, NoTwoThatAreNeededTogetherOverlap) {
  RandomStream stream(1, {.purpose = Purpose::kAugment});
  for (int round = 0; round < 50; ++round) {
    std::vector<ArenaBlock> blocks(40);
    std::vector<ArenaBlock*> pointers;
    for (ArenaBlock& block : blocks) {
      block.bytes = static_cast<int64_t>(stream.Below(1000));
      block.first = static_cast<int>(stream.Below(30));
      block.last = block.first + static_cast<int>(stream.Below(10));
      pointers.push_back(&block);
    }
    const int64_t total = PlaceBlocks(pointers);
    for (const ArenaBlock& a : blocks) {
      EXPECT_EQ(a.offset % 64, 0);
      EXPECT_LE(a.offset + a.bytes, total);
      for (const ArenaBlock& b : blocks) {
        const bool together = a.first <= b.last && b.first <= a.last;
        const bool overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
        EXPECT_FALSE(&a != &b && together && overlap);
      }
    }
  }
}

TEST(PlaceBlocks, BlocksOfDifferentTimesShareMemory) {
  ArenaBlock first{.bytes = 128, .first = 0, .last = 1};
  ArenaBlock second{.bytes = 64, .first = 2, .last = 3};
  EXPECT_EQ(PlaceBlocks(std::vector{&first, &second}), 128);
}

TEST(MemoryPlan, EvaluationOfAChainNeedsTwoActivations) {
  EXPECT_EQ(Bytes(Chain(1), Phase::kEvaluation), kValue);
  EXPECT_EQ(Bytes(Chain(2), Phase::kEvaluation), 2 * kValue);
  EXPECT_EQ(Bytes(Chain(20), Phase::kEvaluation), 2 * kValue);
}

TEST(MemoryPlan, TrainingKeepsEveryActivationAndTwoGradients) {
  EXPECT_EQ(Bytes(Chain(1), Phase::kTraining), 2 * kValue);
  // The last activation is no longer needed where the third gradient is written.
  EXPECT_EQ(Bytes(Chain(20), Phase::kTraining), (20 + 2) * kValue);
}

TEST(MemoryPlan, AValueThatIsReadTwiceStaysAndNeedsRoomForTheSecondShare) {
  Net net({.channels = 16}, kBatch);
  net.Add("a", std::make_unique<Relu>(), {Net::kInput});
  net.Add("b", std::make_unique<Relu>(), {0});
  net.Add("c", std::make_unique<Relu>(), {1});
  net.Add("d", std::make_unique<Add>(), {0, 2});
  EXPECT_EQ(Plan(net, Phase::kEvaluation).stages[0].activation.last, 3);
  const MemoryPlan training = Plan(net, Phase::kTraining);
  EXPECT_EQ(training.stages[1].spare.bytes, kValue);
  EXPECT_EQ(training.Sum(&StageMemory::spare), kValue);
}

}  // namespace
}  // namespace lockstep
