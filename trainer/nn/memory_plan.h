#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/fusion.h"
#include "trainer/nn/net.h"
#include "trainer/nn/runs.h"

namespace lockstep {

// Memory that is needed for some time, and where in an arena it lies. Times are counted as the
// arena's user likes; `first` and `last` belong to the time.
struct ArenaBlock {
  int64_t bytes = 0;
  int first = 0;
  int last = 0;
  int64_t offset = 0;
};

// Gives every block an offset on a cache line, so that no two that are needed at the same time
// overlap. Returns the bytes of the arena. The largest block goes first, each into the lowest gap
// that holds it (Pisarchyk and Lee 2020, Efficient Memory Management for Deep Neural Net Inference,
// section 4.3).
int64_t PlaceBlocks(std::span<ArenaBlock* const> blocks);

// What one stage needs of a thread's arena.
struct StageMemory {
  // Whether only stages of its run read its output: then what is needed no longer than a slice is
  // kept for a slice alone.
  bool inside = false;
  ArenaBlock activation = {};  // its output, of the largest microbatch or, in evaluation, slice
  ArenaBlock gradient = {};    // by its output, of the largest microbatch or slice
  ArenaBlock saved = {};       // from Forward for Backward
  ArenaBlock forward_scratch = {};   // of one call
  ArenaBlock backward_scratch = {};  // likewise
  ArenaBlock spare = {};             // shares of input gradients, before they are added
};

// The arena of one thread. In evaluation it holds activations and scratch of Forward alone.
struct MemoryPlan {
  std::vector<StageMemory> stages;
  ArenaBlock parameter_gradients = {};
  ArenaBlock statistics = {};  // of a microbatch, for the net's buffers
  int64_t bytes = 0;

  // What blocks of a kind would take if nothing shared memory.
  int64_t Sum(ArenaBlock StageMemory::*block) const;
};

// A stage's activation is needed until the last stage that reads it is done: in training, that is
// until its own way back. A gradient is needed from the first stage that adds to it to its own.
// What is needed for whole microbatches is needed for the whole of every run that touches it.
MemoryPlan PlanMemory(const Net& net, std::span<const Stage> stages, std::span<const StageRun> runs,
                      Phase phase);

}  // namespace lockstep
