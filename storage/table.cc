#include "storage/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace lockstep::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "packed rows hold little-endian numbers");

void Require(bool condition, std::string_view what) {
  if (!condition) {
    throw std::logic_error(fmt::format("table: {}", what));
  }
}

// The longest beginning of `text` of at most `width` bytes that ends between two UTF-8 characters.
std::string_view CutOff(std::string_view text, size_t width) {
  if (text.size() <= width) {
    return text;
  }
  const auto continues = [&](size_t at) {
    return (static_cast<unsigned char>(text[at]) >> 6) == 2;
  };
  while (width > 0 && continues(width)) {
    --width;
  }
  return text.substr(0, width);
}

// Fills `place`, of a column of `type`.
void Pack(const Cell& cell, ColumnType type, std::span<std::byte> place) {
  Require(cell.index() == static_cast<size_t>(type), "a cell has another type than its column");
  if (const auto* integer = std::get_if<int64_t>(&cell)) {
    std::memcpy(place.data(), integer, sizeof(*integer));
  } else if (const auto* number = std::get_if<double>(&cell)) {
    std::memcpy(place.data(), number, sizeof(*number));
  } else {
    const std::string_view text = CutOff(std::get<std::string>(cell), place.size());
    Require(text.find('\0') == std::string_view::npos, "a string holds a zero byte");
    std::memcpy(place.data(), text.data(), text.size());
  }
}

}  // namespace

Table::Table(std::vector<Column> columns, std::vector<std::byte> rows)
    : columns_(std::move(columns)), rows_(std::move(rows)) {
  for (auto column = columns_.begin(); column != columns_.end(); ++column) {
    if (column->type != ColumnType::kString) {
      column->width = sizeof(double);
    }
    Require(column->width > 0, "a string column has no width");
    Require(!column->name.empty(), "a column has no name");
    Require(std::find_if(columns_.begin(), column,
                         [&](const Column& other) { return other.name == column->name; }) == column,
            "two columns have the same name");
    row_bytes_ += column->width;
  }
  Require(!columns_.empty(), "there are no columns");
  Require(rows_.size() % row_bytes_ == 0, "the last row is not whole");
}

void Table::AppendRow(std::span<const Cell> cells) {
  Require(cells.size() == columns_.size(), "a row has not one cell for each column");
  std::vector<std::byte> row(row_bytes_);
  std::span<std::byte> rest = row;
  for (size_t i = 0; i < cells.size(); ++i) {
    Pack(cells[i], columns_[i].type, rest.first(columns_[i].width));
    rest = rest.subspan(columns_[i].width);
  }
  rows_.insert(rows_.end(), row.begin(), row.end());
}

Table::Place Table::Find(std::string_view column, ColumnType type) const {
  size_t offset = 0;
  for (const Column& candidate : columns_) {
    if (candidate.name == column) {
      Require(candidate.type == type, "a column is asked for as another type than its own");
      return {.offset = offset, .width = candidate.width};
    }
    offset += candidate.width;
  }
  throw std::logic_error(fmt::format("table: there is no column {}", column));
}

template <typename T>
std::vector<T> Table::Numbers(Place place) const {
  std::vector<T> values(row_count());
  for (size_t row = 0; row < values.size(); ++row) {
    std::memcpy(&values[row], rows_.data() + row * row_bytes_ + place.offset, sizeof(T));
  }
  return values;
}

std::vector<int64_t> Table::Ints(std::string_view column) const {
  return Numbers<int64_t>(Find(column, ColumnType::kInt64));
}

std::vector<double> Table::Doubles(std::string_view column) const {
  return Numbers<double>(Find(column, ColumnType::kDouble));
}

std::vector<std::string> Table::Strings(std::string_view column) const {
  const Place place = Find(column, ColumnType::kString);
  std::vector<std::string> values(row_count());
  for (size_t row = 0; row < values.size(); ++row) {
    const auto* text =
        reinterpret_cast<const char*>(rows_.data() + row * row_bytes_ + place.offset);
    values[row].assign(text, strnlen(text, place.width));
  }
  return values;
}

void Table::DropRowsAfter(std::string_view column, int64_t limit) {
  const std::vector<int64_t> values = Ints(column);
  std::vector<std::byte> kept;
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row] <= limit) {
      const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(row * row_bytes_);
      kept.insert(kept.end(), begin, begin + static_cast<std::ptrdiff_t>(row_bytes_));
    }
  }
  rows_ = std::move(kept);
}

}  // namespace lockstep::storage
