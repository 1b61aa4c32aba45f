#include "trainer/nn/layers/build_checks.h"

#include <fmt/format.h>

#include <limits>

namespace lockstep {

void CheckInputCount(const BuildContext& context, int count) {
  if (static_cast<int>(context.inputs.size()) != count) {
    throw LayerError("input", fmt::format("must name {} input{}, names {}", count,
                                          count == 1 ? "" : "s", context.inputs.size()));
  }
}

void CheckSeveralInputs(const BuildContext& context) {
  if (context.inputs.size() < 2) {
    throw LayerError("input",
                     fmt::format("must name at least 2 inputs, names {}", context.inputs.size()));
  }
}

void CheckAtLeast(const std::string& field, int value, int minimum) {
  if (value < minimum) {
    throw LayerError(field, fmt::format("must be at least {}, is {}", minimum, value));
  }
}

void CheckWeightCount(const std::string& field, int outputs, int64_t inputs) {
  const int64_t most = std::numeric_limits<int>::max() / inputs;
  if (outputs > most) {
    throw LayerError(field, fmt::format("must be at most {} (each has {} weights), is {}", most,
                                        inputs, outputs));
  }
}

}  // namespace lockstep
