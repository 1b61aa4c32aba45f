#include "trainer/config/spelling.h"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

const std::vector<std::string> kNames{"stride", "kernel", "padding", "groups", "learning_rate"};

TEST(Nearest, FindsNamesAFewLettersAway) {
  EXPECT_EQ(Nearest("strid", kNames), "stride");
  EXPECT_EQ(Nearest("strides", kNames), "stride");
  EXPECT_EQ(Nearest("kernal", kNames), "kernel");
  EXPECT_EQ(Nearest("srtide", kNames), "stride");
  EXPECT_EQ(Nearest("lerning_rat", kNames), "learning_rate");
}

TEST(Nearest, FindsNamesThatContainTheWordOrAreContained) {
  EXPECT_EQ(Nearest("pad", kNames), "padding");
  EXPECT_EQ(Nearest("conv_kernel_size", kNames), "kernel");
}

TEST(Nearest, FindsNothingWhereNothingIsNear) {
  EXPECT_EQ(Nearest("momentum", kNames), "");
  EXPECT_EQ(Nearest("x", kNames), "");
  EXPECT_EQ(Nearest("", kNames), "");
  EXPECT_EQ(Nearest("stride", {}), "");
  EXPECT_EQ(Nearest(std::string(1'000'000, 's'), kNames), "");
}

TEST(Nearest, PrefersTheNearer) {
  EXPECT_EQ(Nearest("epoch", {"every_epochs", "epochs"}), "epochs");
}

}  // namespace
}  // namespace lockstep
