#include "trainer/nn/memory_plan.h"

#include <algorithm>

#include "trainer/base/divide.h"
#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {
namespace {

bool NeededTogether(const ArenaBlock& a, const ArenaBlock& b) {
  return a.first <= b.last && b.first <= a.last;
}

// For each stage, the last stage that reads its output; itself where none does.
std::vector<int> LastReaders(const Net& net, std::span<const Stage> stages) {
  std::vector<int> stage_of_node(net.nodes().size());
  std::vector<int> readers;
  for (int i = 0; i < static_cast<int>(stages.size()); ++i) {
    stage_of_node[stages[i].last] = i;
    readers.push_back(i);
    for (const int input : net.nodes()[stages[i].first].inputs) {
      if (input != Net::kInput) {
        readers[stage_of_node[input]] = i;
      }
    }
  }
  return readers;
}

int64_t ValueBytes(const Shape& shape, int samples) {
  return RoundUp(shape.size() * samples * static_cast<int64_t>(sizeof(float)), kLineBytes);
}

// For each stage, its run.
std::vector<StageRun> RunsOfStages(std::span<const StageRun> runs) {
  std::vector<StageRun> of_stages;
  for (const StageRun& run : runs) {
    of_stages.insert(of_stages.end(), run.last - run.first + 1, run);
  }
  return of_stages;
}

// For each stage, bytes for its shares of the gradients of values that a later stage reads too, or
// that it reads twice itself.
std::vector<int64_t> SpareBytes(const Net& net, std::span<const Stage> stages,
                                std::span<const StageRun> run_of) {
  std::vector<int64_t> bytes(stages.size());
  std::vector<char> has_gradient(net.nodes().size());
  for (size_t i = stages.size(); i-- > 0;) {
    for (const int input : net.nodes()[stages[i].first].inputs) {
      if (input != Net::kInput) {
        bytes[i] += has_gradient[input] ? ValueBytes(net.shape(input), run_of[i].slice) : 0;
        has_gradient[input] = true;
      }
    }
  }
  return bytes;
}

std::vector<ArenaBlock*> AllBlocks(MemoryPlan* plan) {
  std::vector<ArenaBlock*> blocks{&plan->parameter_gradients, &plan->statistics};
  for (StageMemory& stage : plan->stages) {
    blocks.insert(blocks.end(), {&stage.activation, &stage.gradient, &stage.saved,
                                 &stage.forward_scratch, &stage.backward_scratch, &stage.spare});
  }
  return blocks;
}

}  // namespace

int64_t PlaceBlocks(std::span<ArenaBlock* const> blocks) {
  std::vector<ArenaBlock*> by_size(blocks.begin(), blocks.end());
  std::ranges::stable_sort(by_size, std::ranges::greater{}, &ArenaBlock::bytes);
  std::vector<const ArenaBlock*> placed;  // by offset
  int64_t total = 0;
  for (ArenaBlock* const block : by_size) {
    block->offset = 0;
    for (const ArenaBlock* const other : placed) {
      if (!NeededTogether(*block, *other)) {
        continue;
      }
      if (block->offset + block->bytes <= other->offset) {
        break;
      }
      block->offset = std::max(block->offset, other->offset + RoundUp(other->bytes, kLineBytes));
    }
    total = std::max(total, block->offset + RoundUp(block->bytes, kLineBytes));
    placed.insert(std::ranges::upper_bound(placed, block->offset, {}, &ArenaBlock::offset), block);
  }
  return total;
}

int64_t MemoryPlan::Sum(ArenaBlock StageMemory::*block) const {
  int64_t sum = 0;
  for (const StageMemory& stage : stages) {
    sum += (stage.*block).bytes;
  }
  return sum;
}

MemoryPlan PlanMemory(const Net& net, std::span<const Stage> stages, std::span<const StageRun> runs,
                      Phase phase) {
  const int count = static_cast<int>(stages.size());
  const std::vector<StageRun> run_of = RunsOfStages(runs);
  const std::vector<int> readers = LastReaders(net, stages);
  const std::vector<int64_t> spare = SpareBytes(net, stages, run_of);
  // Stage i goes forward at time i, and back at this one.
  const auto back = [&](int stage) { return 2 * count - 1 - stage; };
  const bool training = phase == Phase::kTraining;
  MemoryPlan plan;
  for (int i = 0; i < count; ++i) {
    const StageRun& run = run_of[i];
    const StageRun& reading = run_of[readers[i]];
    const Shape& shape = stages[i].plan.output;
    const int64_t scratch = stages[i].plan.scratch_bytes;
    const bool inside = i < run.last && readers[i] <= run.last;
    StageMemory memory{.inside = inside, .forward_scratch = {scratch, i, i}};
    if (training) {
      memory.activation = {ValueBytes(shape, net.max_batch()), run.first, back(run.first)};
      memory.gradient = inside ? ArenaBlock{ValueBytes(shape, run.slice), back(readers[i]), back(i)}
                               : ArenaBlock{ValueBytes(shape, net.max_batch()), back(reading.last),
                                            back(run.first)};
      memory.saved = {stages[i].plan.saved_bytes, run.first, back(run.first)};
      memory.backward_scratch = {scratch, back(i), back(i)};
      memory.spare = {spare[i], back(i), back(i)};
    } else {
      memory.activation =
          inside ? ArenaBlock{ValueBytes(shape, run.slice), i, readers[i]}
                 : ArenaBlock{ValueBytes(shape, net.max_batch()), run.first, reading.last};
    }
    plan.stages.push_back(memory);
  }
  if (training) {
    plan.parameter_gradients = {net.parameters().size() * static_cast<int64_t>(sizeof(float)), 0,
                                back(0)};
    plan.statistics = {net.parameters().buffer_size() * static_cast<int64_t>(sizeof(float)), 0,
                       back(0)};
  }
  plan.bytes = PlaceBlocks(AllBlocks(&plan));
  return plan;
}

}  // namespace lockstep
