#include "comm/stream_copy.h"

#include <emmintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lockstep::comm {

void StreamCopy(std::span<const float> from, float* to) {
  if (from.empty()) {
    return;
  }
  constexpr size_t kFloats = sizeof(__m128) / sizeof(float);
  const size_t beyond = reinterpret_cast<uintptr_t>(to) / sizeof(float) % kFloats;
  const size_t first = std::min(from.size(), (kFloats - beyond) % kFloats);
  std::copy_n(from.data(), first, to);
  size_t i = first;
  for (; i + kFloats <= from.size(); i += kFloats) {
    _mm_stream_ps(to + i, _mm_loadu_ps(&from[i]));
  }
  std::copy(from.data() + i, from.data() + from.size(), to + i);
  _mm_sfence();
}

}  // namespace lockstep::comm
