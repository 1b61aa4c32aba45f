#include "comm/float_sum.h"

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "comm/stream_copy.h"

namespace lockstep::comm {

LOCKSTEP_EVERY_CPU bool SetFloat(std::span<const float> values, double limit, float* sums) {
  const auto float_limit = static_cast<float>(limit);
  uint32_t too_large = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sums[i] = values[i];
    too_large |= std::fabs(values[i]) < float_limit ? 0U : 1U;
  }
  return too_large == 0;
}

LOCKSTEP_EVERY_CPU static bool AllBelow(std::span<const float> values, float limit) {
  uint32_t too_large = 0;
  for (const float value : values) {
    too_large |= std::fabs(value) < limit ? 0U : 1U;
  }
  return too_large == 0;
}

bool StreamFloat(std::span<const float> values, double limit, float* sums) {
  StreamCopy(values, sums);
  return AllBelow(values, static_cast<float>(limit));
}

LOCKSTEP_EVERY_CPU bool AddFloat(std::span<const float> values, double limit, float* sums) {
  const auto float_limit = static_cast<float>(limit);
  uint32_t too_large = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sums[i] += values[i];
    too_large |= std::fabs(values[i]) < float_limit ? 0U : 1U;
  }
  return too_large == 0;
}

}  // namespace lockstep::comm
