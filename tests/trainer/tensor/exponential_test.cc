#include "trainer/tensor/exponential.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lockstep {
namespace {

constexpr double kTolerance = 3e-7;

TEST(Exp, IsAccurateOverItsWholeRange) {
  for (double step = -86.9; step < 87.9; step += 0.00137) {
    const auto x = static_cast<float>(step);
    ASSERT_NEAR(Exp(x) / std::exp(double{x}), 1, kTolerance) << x;
  }
}

TEST(Expm1, IsAccurateOverItsWholeRangeAndNearZero) {
  for (double step = -86.9; step < 87.9; step += 0.00137) {
    const auto x = static_cast<float>(step);
    ASSERT_NEAR(Expm1(x) / std::expm1(double{x}), 1, kTolerance) << x;
  }
  for (float x = 1; x > 1e-30F; x /= 3) {
    ASSERT_NEAR(Expm1(x) / std::expm1(double{x}), 1, kTolerance) << x;
    ASSERT_NEAR(Expm1(-x) / std::expm1(double{-x}), 1, kTolerance) << -x;
  }
}

TEST(Exp, IsExactAtZero) {
  EXPECT_EQ(Exp(0), 1.0F);
  EXPECT_EQ(Expm1(0), 0.0F);
}

TEST(Exp, StaysAtTheEndsOfItsRange) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Exp(kInfinity), Exp(88));
  EXPECT_EQ(Exp(-kInfinity), Exp(-87));
  EXPECT_GT(Exp(-87), 0.0F);
  EXPECT_EQ(Expm1(-kInfinity), -1.0F);
}

TEST(Exp, NanStaysNan) {
  EXPECT_TRUE(std::isnan(Exp(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(Expm1(std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace
}  // namespace lockstep
