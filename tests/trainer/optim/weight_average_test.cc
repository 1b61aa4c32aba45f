#include "trainer/optim/weight_average.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "tests/trainer/optim/optimizer_checks.h"
#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

TEST(MoveAverage, GoesAPartOfTheWay) {
  std::vector<float> average{1, 8};
  MoveAverage(0.1, 1, std::vector<float>{11, -2}, average);
  EXPECT_THAT(average, ElementsAre(FloatEq(10), FloatEq(-1)));
}

TEST(MoveAverage, ForgetsFasterInTheFirstSteps) {
  std::vector<float> early{0};
  MoveAverage(0.999, 1, std::vector<float>{11}, early);  // keeps 2 / 11
  EXPECT_THAT(early, ElementsAre(FloatEq(9)));
  std::vector<float> late{0};
  MoveAverage(0.999, 100'000, std::vector<float>{1000}, late);
  EXPECT_THAT(late, ElementsAre(FloatEq(1)));
}

TEST(MoveAverage, InPartsGivesTheBitsOfTheWhole) {
  const std::vector<float> values = NormalNumbers(1);
  std::vector<float> whole = NormalNumbers(2);
  std::vector<float> parts = whole;
  MoveAverage(0.9, 50, values, whole);
  size_t begin = 0;
  for (const size_t size : {3, 0, 1, 20, 13}) {
    MoveAverage(0.9, 50, std::span(values).subspan(begin, size),
                std::span(parts).subspan(begin, size));
    begin += size;
  }
  ASSERT_EQ(begin, parts.size());
  EXPECT_EQ(parts, whole);
}

TEST(MoveAverage, RefusesArraysOfAnotherSizeADecayOfOneAndAStepBeforeTheFirst) {
  std::vector<float> average{1};
  EXPECT_THROW(MoveAverage(0.5, 1, std::vector<float>{1, 2}, average), CheckFailure);
  EXPECT_THROW(MoveAverage(1, 1, std::vector<float>{1}, average), CheckFailure);
  EXPECT_THROW(MoveAverage(-0.1, 1, std::vector<float>{1}, average), CheckFailure);
  EXPECT_THROW(MoveAverage(0.5, 0, std::vector<float>{1}, average), CheckFailure);
}

}  // namespace
}  // namespace lockstep
