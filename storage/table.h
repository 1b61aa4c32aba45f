#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "storage/column.h"

namespace lockstep::storage {

using Cell = std::variant<int64_t, double, std::string>;

// Rows of named, typed columns.
class Table {
 public:
  // A column's `width` counts for strings only. REQUIRES at least one column, names that are unique
  // and not empty, and strings at least one byte wide.
  explicit Table(std::vector<Column> columns, std::vector<std::byte> rows = {});

  const std::vector<Column>& columns() const { return columns_; }
  size_t row_count() const { return rows_.size() / row_bytes_; }
  // All rows, packed as Column says.
  std::span<const std::byte> rows() const { return rows_; }

  // REQUIRES one cell for each column, of its type, and strings without zero bytes. A string that
  // is too long is cut off at its column's width, between two characters.
  void AppendRow(std::span<const Cell> cells);

  // A whole column. REQUIRES that it exists and has this type.
  std::vector<int64_t> Ints(std::string_view column) const;
  std::vector<double> Doubles(std::string_view column) const;
  std::vector<std::string> Strings(std::string_view column) const;

  // Keeps the rows whose `column`, one of integers, is at most `limit`.
  void DropRowsAfter(std::string_view column, int64_t limit);

 private:
  struct Place {
    size_t offset;
    size_t width;
  };
  // Where in a row a column lies. Throws std::logic_error if there is none of this type.
  Place Find(std::string_view column, ColumnType type) const;
  template <typename T>
  std::vector<T> Numbers(Place place) const;

  std::vector<Column> columns_;
  size_t row_bytes_ = 0;
  std::vector<std::byte> rows_;
};

}  // namespace lockstep::storage
