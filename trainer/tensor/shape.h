#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace lockstep {

// The shape of one sample: channels, height, width. A vector of K numbers is {K, 1, 1}.
struct Shape {
  int channels = 1;
  int height = 1;
  int width = 1;

  // Numbers in one sample.
  int64_t size() const { return int64_t{channels} * height * width; }
  bool operator==(const Shape&) const = default;
};

// "16x5x5": channels, height, width; "120" for a vector.
inline std::string ToString(const Shape& shape) {
  if (shape.height == 1 && shape.width == 1) {
    return fmt::format("{}", shape.channels);
  }
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

}  // namespace lockstep
