#pragma once

#include <cstddef>
#include <vector>

namespace lockstep {

// A parameter tensor, as an optimiser sees it: consecutive elements of the flat arrays.
struct Block {
  size_t begin = 0;
  size_t size = 0;
  // Weight decay applies to it, and the trust ratio of LARS and LAMB. Off for biases and norms
  // where a job wants that.
  bool decays = true;
};

// All parameters: each begins where the one before it ends, the first at 0.
using Blocks = std::vector<Block>;

// Parameters that need not be told apart.
Blocks OneBlock(size_t size);

size_t TotalSize(const Blocks& blocks);

// As few blocks as tell where weights decay: for optimisers that treat each element alone.
Blocks MergeByDecay(const Blocks& blocks);

}  // namespace lockstep
