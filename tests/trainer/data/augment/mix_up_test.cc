#include "trainer/data/augment/mix_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lockstep {
namespace {

RandomStream MixStream(uint32_t sample) {
  return {4, {.purpose = Purpose::kAugment, .layer = 13, .time = 6, .sample = sample}};
}

class Beta : public testing::TestWithParam<double> {};

TEST_P(Beta, HasItsMomentsAndSymmetry) {
  constexpr int kDraws = 20'000;
  const double alpha = GetParam();
  double mean = 0;
  double variance = 0;
  double fourth = 0;
  for (uint32_t i = 0; i < kDraws; ++i) {
    RandomStream stream = MixStream(i);
    const double value = DrawBeta(alpha, &stream);
    ASSERT_GE(value, 0);
    ASSERT_LE(value, 1);
    const double deviation = value - 0.5;
    mean += deviation / kDraws;
    variance += deviation * deviation / kDraws;
    fourth += std::pow(deviation, 4) / kDraws;
  }
  const double expected = 1 / (4 * (2 * alpha + 1));
  EXPECT_NEAR(mean, 0, 5 * std::sqrt(expected / kDraws));
  EXPECT_NEAR(variance, expected, 5 * expected / std::sqrt(kDraws));
  EXPECT_NEAR(fourth, 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3)), 0.05 * fourth);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Beta, testing::Values(0.02, 0.2, 0.99, 1.0, 2.0, 30.0));

TEST(DrawBeta, DependsOnTheStreamAlone) {
  RandomStream one = MixStream(1);
  RandomStream again = MixStream(1);
  RandomStream other = MixStream(2);
  const double value = DrawBeta(0.4, &one);
  EXPECT_EQ(DrawBeta(0.4, &again), value);
  EXPECT_NE(DrawBeta(0.4, &other), value);
}

TEST(Mix, WeighsBothImages) {
  std::vector<float> image = {1, 2, 4};
  Mix(0.75F, std::vector<float>{5, 2, -4}, image);
  EXPECT_THAT(image, testing::ElementsAre(2, 2, 2));
  Mix(1, std::vector<float>{9, 9, 9}, image);
  EXPECT_THAT(image, testing::ElementsAre(2, 2, 2));
}

}  // namespace
}  // namespace lockstep
