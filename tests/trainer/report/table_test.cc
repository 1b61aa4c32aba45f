#include "trainer/report/table.h"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCell) {
  TextTable table({{.heading = "layer"}, {.heading = "parameters", .align = Align::kRight}});
  table.AddRow({"conv1", "156"});
  table.AddRow({"longer_name", "7"});
  EXPECT_EQ(table.ToString(),
            "layer        parameters\n"
            "-----------  ----------\n"
            "conv1               156\n"
            "longer_name           7\n");
}

TEST(TextTable, LinesHaveNoTrailingSpaces) {
  TextTable table({{.heading = "a"}, {.heading = "note"}});
  table.AddRow({"x", ""});
  EXPECT_EQ(table.ToString(), "a  note\n-  ----\nx\n");
}

TEST(WithThousands, GroupsDigitsByThree) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(12345678), "12,345,678");
  EXPECT_EQ(WithThousands(-999), "-999");
  EXPECT_EQ(WithThousands(-1000), "-1,000");
}

}  // namespace
}  // namespace lockstep
