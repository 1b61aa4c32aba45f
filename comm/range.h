#pragma once

#include <cstdint>

namespace lockstep::comm {

// Consecutive things, numbered: [begin, end).
struct Range {
  int64_t begin = 0;
  int64_t end = 0;
};

}  // namespace lockstep::comm
