#include "storage/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace lockstep::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Table StepLossHost() {
  return Table({{.name = "step", .type = ColumnType::kInt64},
                {.name = "loss", .type = ColumnType::kDouble},
                {.name = "host", .type = ColumnType::kString, .width = 5}});
}

void Append(Table& table, int64_t step, double loss, const std::string& host) {
  const std::vector<Cell> row = {step, loss, host};
  table.AppendRow(row);
}

TEST(Table, ReturnsItsColumns) {
  Table table = StepLossHost();
  Append(table, -1, 0.5, "node1");
  Append(table, int64_t{1} << 60, -2, "");
  EXPECT_EQ(table.row_count(), 2U);
  EXPECT_THAT(table.Ints("step"), ElementsAre(-1, int64_t{1} << 60));
  EXPECT_THAT(table.Doubles("loss"), ElementsAre(0.5, -2));
  EXPECT_THAT(table.Strings("host"), ElementsAre("node1", ""));
}

TEST(Table, CutsLongStringsBetweenTwoCharacters) {
  Table table = StepLossHost();
  Append(table, 1, 0, "abcdefgh");
  Append(table, 2, 0, "abcdé");  // é is two bytes: the fifth and the sixth
  Append(table, 3, 0, "abcé");
  EXPECT_THAT(table.Strings("host"), ElementsAre("abcde", "abcd", "abcé"));
}

TEST(Table, DropsRowsAfterAStep) {
  Table table = StepLossHost();
  for (const int64_t step : {10, 20, 30, 25}) {
    Append(table, step, static_cast<double>(step), "");
  }
  table.DropRowsAfter("step", 25);
  EXPECT_THAT(table.Ints("step"), ElementsAre(10, 20, 25));
  EXPECT_THAT(table.Doubles("loss"), ElementsAre(10, 20, 25));
  table.DropRowsAfter("step", 0);
  EXPECT_THAT(table.Ints("step"), IsEmpty());
}

TEST(TableMistake, RowsMustFitTheColumns) {
  Table table = StepLossHost();
  const std::vector<Cell> too_short = {int64_t{1}, 2.0};
  EXPECT_THROW(table.AppendRow(too_short), std::logic_error);
  const std::vector<Cell> wrong_type = {1.0, 2.0, std::string()};
  EXPECT_THROW(table.AppendRow(wrong_type), std::logic_error);
  EXPECT_THROW(Append(table, 1, 2, std::string("a\0b", 3)), std::logic_error);
  EXPECT_EQ(table.row_count(), 0U);
}

TEST(TableMistake, ColumnsMustExistWithTheTypeAskedFor) {
  const Table table = StepLossHost();
  EXPECT_THROW(table.Ints("epoch"), std::logic_error);
  EXPECT_THROW(table.Ints("loss"), std::logic_error);
  EXPECT_THROW(table.Doubles("step"), std::logic_error);
  EXPECT_THROW(table.Strings("step"), std::logic_error);
}

TEST(TableMistake, ColumnsMustBeNamedOnceAndHaveAWidth) {
  EXPECT_THROW(Table({}), std::logic_error);
  EXPECT_THROW(Table({{.name = "a"}, {.name = "a"}}), std::logic_error);
  EXPECT_THROW(Table({{.name = ""}}), std::logic_error);
  EXPECT_THROW(Table({{.name = "a", .type = ColumnType::kString, .width = 0}}), std::logic_error);
}

}  // namespace
}  // namespace lockstep::storage
