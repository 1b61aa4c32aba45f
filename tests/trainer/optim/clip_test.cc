#include "trainer/optim/clip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(GlobalNorm, IsTheRootOfTheSumOfSquares) {
  EXPECT_EQ(GlobalNorm(std::vector<float>{3, -4}), 5.0);
  EXPECT_EQ(GlobalNorm({}), 0.0);
}

TEST(GlobalNorm, CountsEveryElementAtEverySize) {
  for (size_t size = 1; size <= 40; ++size) {
    EXPECT_DOUBLE_EQ(GlobalNorm(std::vector<float>(size, 2)), 2 * std::sqrt(size)) << size;
  }
}

TEST(GlobalNorm, HoldsWhereFloatSquaresDoNot) {
  EXPECT_DOUBLE_EQ(GlobalNorm(std::vector<float>(4, 0x1p+100F)), 0x1p+101);
  EXPECT_DOUBLE_EQ(GlobalNorm(std::vector<float>(4, 0x1p-100F)), 0x1p-99);
}

TEST(GlobalNorm, ShowsWhatIsNotFinite) {
  EXPECT_TRUE(
      std::isnan(GlobalNorm(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN(), 1})));
  EXPECT_TRUE(std::isinf(GlobalNorm(std::vector<float>{-std::numeric_limits<float>::infinity()})));
}

TEST(ClipByGlobalNorm, ScalesALargeGradientDown) {
  std::vector<float> gradient{6, -8};
  EXPECT_EQ(ClipByGlobalNorm(5, gradient), 10.0);
  EXPECT_THAT(gradient, ElementsAre(3.0F, -4.0F));
}

TEST(ClipByGlobalNorm, LeavesOthersAlone) {
  std::vector<float> gradient{3, -4};
  EXPECT_EQ(ClipByGlobalNorm(5, gradient), 5.0);
  EXPECT_THAT(gradient, ElementsAre(3.0F, -4.0F));
}

TEST(ClipByGlobalNorm, RefusesALimitThatIsNotPositive) {
  std::vector<float> gradient{1};
  EXPECT_THROW(ClipByGlobalNorm(0, gradient), CheckFailure);
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

TEST(Clip, ClipsElementsThenTheirNormAndTellsTheNormFromBefore) {
  const std::vector<float> original{8, -6};
  const auto clipped = [&original](const ClipOptions& options) {
    std::vector<float> gradient = original;
    EXPECT_EQ(Clip(options, gradient), 10.0);
    return gradient;
  };
  EXPECT_THAT(clipped({}), ElementsAre(8, -6));
  EXPECT_THAT(clipped({.global_norm = 5}), ElementsAre(4, -3));
  EXPECT_THAT(clipped({.value = 6}), ElementsAre(6, -6));
  EXPECT_THAT(clipped({.value = 0.5, .global_norm = 100}), ElementsAre(0.5, -0.5));
  EXPECT_THAT(clipped({.value = 3, .global_norm = 3}),
              ElementsAre(testing::FloatEq(std::sqrt(4.5F)), testing::FloatEq(-std::sqrt(4.5F))));
}

}  // namespace
}  // namespace lockstep
