#include "trainer/optim/blocks.h"

#include "trainer/base/check.h"

namespace lockstep {

Blocks OneBlock(size_t size) { return {{.begin = 0, .size = size}}; }

size_t TotalSize(const Blocks& blocks) {
  size_t total = 0;
  for (const Block& block : blocks) {
    CHECK_EQ(block.begin, total);
    total += block.size;
  }
  return total;
}

Blocks MergeByDecay(const Blocks& blocks) {
  Blocks merged;
  size_t end = 0;
  for (const Block& block : blocks) {
    CHECK_EQ(block.begin, end);
    end += block.size;
    if (!merged.empty() && merged.back().decays == block.decays) {
      merged.back().size += block.size;
    } else {
      merged.push_back(block);
    }
  }
  return merged;
}

}  // namespace lockstep
