#include "trainer/optim/optimizer.h"

#include "trainer/base/check.h"

namespace lockstep {

void CheckUpdate(const Update& update, Part part, const Blocks& blocks, size_t slots) {
  const size_t parameters = TotalSize(blocks);
  CHECK_EQ(update.values.size(), parameters);
  CHECK_EQ(update.gradient.size(), parameters);
  CHECK_EQ(update.slots.size(), slots);
  for (const std::span<float> slot : update.slots) {
    CHECK_EQ(slot.size(), parameters);
  }
  CHECK_LE(part.begin, part.end);
  CHECK_LE(part.end, parameters);
}

}  // namespace lockstep
