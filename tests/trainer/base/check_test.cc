#include "trainer/base/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(Check, MessageHoldsBothValues) {
  try {
    CHECK_EQ(1 + 1, 3);
    FAIL() << "CHECK_EQ let 2 == 3 pass";
  } catch (const CheckFailure& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("1 + 1 == 3 (2 vs. 3)"));
  }
}

TEST(Check, TrueConditionDoesNothing) {
  CHECK(true);
  CHECK_LE(2, 2);
}

}  // namespace
}  // namespace lockstep
