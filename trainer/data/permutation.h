#pragma once

#include <cstdint>
#include <span>

#include "trainer/base/random.h"

namespace lockstep {

// Shuffles `values` (Fisher and Yates): the result depends on their order and the stream alone.
void Shuffle(RandomStream stream, std::span<uint32_t> values);

}  // namespace lockstep
