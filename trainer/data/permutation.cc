#include "trainer/data/permutation.h"

#include <utility>

namespace lockstep {

void Shuffle(RandomStream stream, std::span<uint32_t> values) {
  for (size_t left = values.size(); left > 1; --left) {
    std::swap(values[left - 1], values[stream.Below(static_cast<uint32_t>(left))]);
  }
}

}  // namespace lockstep
