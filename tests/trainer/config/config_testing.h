#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trainer/base/error.h"
#include "trainer/config/job_file.h"

namespace lockstep {

// A valid job with one setting on each line, for tests to spoil.
inline constexpr std::string_view kSmallJob = R"(name: "small"
model {
  layer { name: "conv" conv2d { filters: 4 kernel: 3 } }
  layer { name: "relu" relu {} }
  layer { name: "pool" max_pool { kernel: 2 } }
  layer { name: "fc" linear { units: 10 } }
}
data { mnist {} }
epochs: 2
optimizer { sgd { learning_rate: 0.1 } }
)";

using Overrides = std::vector<std::string>;

// `text` with `from` replaced by `to`. Throws std::out_of_range unless `from` is in it.
inline std::string Replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string replaced(text);
  return replaced.replace(replaced.find(from), from.size(), to);
}

// What ParseJob says about a text, "" if nothing is wrong with it.
inline std::string ErrorOf(std::string_view text, const Overrides& overrides = {}) {
  try {
    ParseJob(text, "job", overrides);
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

// The small job with one piece replaced.
inline std::string ErrorAfter(std::string_view from, std::string_view to) {
  return ErrorOf(Replaced(kSmallJob, from, to));
}

}  // namespace lockstep
