#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "trainer/base/error.h"
#include "trainer/config/source_map.h"

namespace lockstep {

// Collects everything that is wrong with a job, so that a user sees it at once.
class Problems {
 public:
  // `positions` must outlive this.
  explicit Problems(const SourceMap& positions) : positions_(positions) {}

  // Adds the line "FILE:LINE:COLUMN: path: what".
  void Add(std::string_view path, std::string_view what) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : "\n", positions_.Describe(path), what);
  }

  bool empty() const { return text_.empty(); }

  // Throws ConfigError with one line for each problem, unless there is none.
  void ThrowIfAny() const {
    if (!text_.empty()) {
      throw ConfigError(text_);
    }
  }

 private:
  const SourceMap& positions_;
  std::string text_;
};

}  // namespace lockstep
