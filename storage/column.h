#pragma once

#include <cstddef>
#include <string>

namespace lockstep::storage {

enum class ColumnType { kInt64, kDouble, kString };

// A column of a table. In a packed row, columns follow one another without gaps: 8 bytes for a
// number, `width` bytes for a string (UTF-8, filled up with zero bytes).
struct Column {
  std::string name;
  ColumnType type = ColumnType::kDouble;
  size_t width = 8;

  friend bool operator==(const Column&, const Column&) = default;
};

}  // namespace lockstep::storage
