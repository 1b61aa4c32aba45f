#include "trainer/optim/clip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(Norm, IsTheRootOfTheSumOfSquares) {
  EXPECT_EQ(Norm(std::vector<float>{3, -4}), 5.0);
  EXPECT_EQ(Norm({}), 0.0);
}

TEST(Norm, CountsEveryElementAtEverySize) {
  for (size_t size = 1; size <= 40; ++size) {
    EXPECT_DOUBLE_EQ(Norm(std::vector<float>(size, 2)), 2 * std::sqrt(size)) << size;
  }
}

TEST(Norm, HoldsWhereFloatSquaresDoNot) {
  EXPECT_DOUBLE_EQ(Norm(std::vector<float>(4, 0x1p+100F)), 0x1p+101);
  EXPECT_DOUBLE_EQ(Norm(std::vector<float>(4, 0x1p-100F)), 0x1p-99);
}

TEST(Norm, ShowsWhatIsNotFinite) {
  EXPECT_TRUE(std::isnan(Norm(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN(), 1})));
  EXPECT_TRUE(std::isinf(Norm(std::vector<float>{-std::numeric_limits<float>::infinity()})));
}

TEST(SumOfSquares, IsTheNormsSquare) {
  EXPECT_EQ(SumOfSquares(std::vector<float>{3, -4}), 25.0);
  EXPECT_EQ(SumOfSquares({}), 0.0);
}

TEST(ClipFactor, BringsALargeNormToTheLimit) { EXPECT_EQ(ClipFactor(5, 20), 0.25); }

TEST(ClipFactor, IsOneForOthers) {
  EXPECT_EQ(ClipFactor(5, 5), 1);
  EXPECT_EQ(ClipFactor(5, 0), 1);
  EXPECT_EQ(ClipFactor(5, std::numeric_limits<double>::quiet_NaN()), 1);
}

TEST(ClipFactor, RefusesALimitThatIsNotPositive) { EXPECT_THROW(ClipFactor(0, 1), CheckFailure); }

TEST(Scale, MultipliesInDoubleAtEverySize) {
  const double seventh = 1.0 / 7;  // rounded to float first, it would give 3.0000002
  for (size_t size = 0; size <= 40; ++size) {
    std::vector<float> gradient(size, 21);
    Scale(seventh, gradient);
    EXPECT_THAT(gradient, Each(3.0F)) << size;
  }
}

TEST(ClipByValue, BringsEachElementIntoTheRange) {
  std::vector<float> gradient{-3, -0.5F, 0, 0.5F, 3, std::numeric_limits<float>::infinity()};
  ClipByValue(0.75, gradient);
  EXPECT_THAT(gradient, ElementsAre(-0.75F, -0.5F, 0, 0.5F, 0.75F, 0.75F));
  EXPECT_THROW(ClipByValue(0, gradient), CheckFailure);
}

TEST(ClipByValue, ShowsWhatIsNotANumber) {
  std::vector<float> gradient{std::numeric_limits<float>::quiet_NaN()};
  ClipByValue(1, gradient);
  EXPECT_TRUE(std::isnan(gradient[0]));
}

}  // namespace
}  // namespace lockstep
