#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep {

enum class Align { kLeft, kRight };

// A table for a terminal: a heading, columns as wide as their widest cell.
class TextTable {
 public:
  struct Column {
    std::string heading;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns);

  // REQUIRES one cell for each column.
  void AddRow(std::vector<std::string> cells);

  // Lines that end in a newline, the heading underlined.
  std::string ToString() const;

 private:
  std::string FormatLine(const std::vector<std::string>& cells) const;

  std::vector<Column> columns_;
  std::vector<size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

// 12345678 -> "12,345,678"
std::string WithThousands(int64_t number);

}  // namespace lockstep
