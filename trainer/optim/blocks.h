#pragma once

#include <algorithm>
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

// Consecutive parameters, [begin, end). It need not begin or end where a block does.
struct Part {
  size_t begin = 0;
  size_t end = 0;
};

// Parameters that need not be told apart.
Blocks OneBlock(size_t size);

size_t TotalSize(const Blocks& blocks);

// As few blocks as tell where weights decay: for optimisers that treat each element alone.
Blocks MergeByDecay(const Blocks& blocks);

// Calls visit(Block) in order for what lies in `part` of each block, if anything does: for
// optimisers that treat each element alone.
template <typename Visit>
void ForEachBlockIn(const Blocks& blocks, Part part, const Visit& visit) {
  for (const Block& block : blocks) {
    const size_t begin = std::max(block.begin, part.begin);
    const size_t end = std::min(block.begin + block.size, part.end);
    if (begin < end) {
      visit(Block{.begin = begin, .size = end - begin, .decays = block.decays});
    }
  }
}

// Calls visit(Block) in order for each whole block that begins in `part`, wherever it ends: for
// optimisers that need norms of tensors.
template <typename Visit>
void ForEachBlockThatBeginsIn(const Blocks& blocks, Part part, const Visit& visit) {
  for (const Block& block : blocks) {
    if (part.begin <= block.begin && block.begin < part.end) {
      visit(block);
    }
  }
}

}  // namespace lockstep
