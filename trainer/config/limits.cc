#include "trainer/config/limits.h"

#include <fmt/format.h>

#include <cmath>

namespace lockstep {

std::string CheckNumber(double value, const v1::Setting& limits) {
  if (!std::isfinite(value)) {
    return fmt::format("must be finite, is {}", value);
  }
  if (limits.has_at_least() && value < limits.at_least()) {
    return fmt::format("must be at least {}, is {}", limits.at_least(), value);
  }
  if (limits.has_above() && value <= limits.above()) {
    return fmt::format("must be greater than {}, is {}", limits.above(), value);
  }
  if (limits.has_at_most() && value > limits.at_most()) {
    return fmt::format("must be at most {}, is {}", limits.at_most(), value);
  }
  if (limits.has_below() && value >= limits.below()) {
    return fmt::format("must be less than {}, is {}", limits.below(), value);
  }
  return "";
}

}  // namespace lockstep
