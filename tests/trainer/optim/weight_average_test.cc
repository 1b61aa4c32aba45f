#include "trainer/optim/weight_average.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

TEST(WeightAverage, BeginsWithTheFirstValuesAndMovesAPartOfTheWay) {
  WeightAverage average(0.1, std::vector<float>{1, 8});
  EXPECT_THAT(average.values(), ElementsAre(1, 8));
  average.Update(1, std::vector<float>{11, -2});
  EXPECT_THAT(average.values(), ElementsAre(testing::FloatEq(10), testing::FloatEq(-1)));
}

TEST(WeightAverage, ForgetsFasterInTheFirstSteps) {
  WeightAverage average(0.999, std::vector<float>{0});
  average.Update(1, std::vector<float>{11});  // keeps 2 / 11
  EXPECT_FLOAT_EQ(average.values()[0], 9);
  WeightAverage late(0.999, std::vector<float>{0});
  late.Update(100'000, std::vector<float>{1000});
  EXPECT_FLOAT_EQ(late.values()[0], 1);
}

TEST(WeightAverage, CanBeginAnew) {
  WeightAverage average(0.5, std::vector<float>{1});
  average.Update(1, std::vector<float>{5});
  average.Reset(std::vector<float>{3});
  EXPECT_THAT(average.values(), ElementsAre(3));
}

TEST(WeightAverage, RefusesArraysOfAnotherSizeAndADecayOfOne) {
  WeightAverage average(0.5, std::vector<float>{1});
  EXPECT_THROW(average.Update(1, std::vector<float>{1, 2}), CheckFailure);
  EXPECT_THROW(average.Reset(std::vector<float>{}), CheckFailure);
  EXPECT_THROW(WeightAverage(1, std::vector<float>{1}), CheckFailure);
}

}  // namespace
}  // namespace lockstep
