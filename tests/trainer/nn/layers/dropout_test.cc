#include "trainer/nn/layers/dropout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"

namespace lockstep {
namespace {

// The factors that dropout.h promises.
Array Factors(const DrawKey& key, float rate, const Shape& shape) {
  const auto batch = static_cast<int>(key.sample_ids.size());
  Array factors = Zeros(batch, shape);
  for (int n = 0; n < batch; ++n) {
    RandomStream stream(key.seed, {.purpose = Purpose::kDropout,
                                   .layer = key.layer,
                                   .time = static_cast<uint32_t>(key.step),
                                   .sample = key.sample_ids[n]});
    for (int h = 0; h < shape.height; ++h) {
      for (int w = 0; w < shape.width; ++w) {
        for (int c = 0; c < shape.channels; ++c) {
          factors.at(n, c, h, w) = stream.Uniform() >= rate ? 1 / (1 - double{rate}) : 0;
        }
      }
    }
  }
  return factors;
}

Array Ones(int batch, const Shape& shape) {
  Array ones = Zeros(batch, shape);
  std::ranges::fill(ones.values, 1);
  return ones;
}

// What dropout with rate 1/2 makes of ones.
std::vector<double> Mask(const DrawKey& key) {
  Dropout layer({.rate = 0.5F});
  const Shape shape{.channels = 50};
  LayerRunner runner(layer, {shape}, 8, key);
  const auto batch = static_cast<int>(key.sample_ids.size());
  return runner.Forward(Phase::kTraining, {Ones(batch, shape)}, {}).values;
}

TEST(Dropout, KeepsTheLayerContract) {
  for (const Shape& shape : {Shape{1}, Shape{17}, Shape{3, 5, 4}}) {
    for (const float rate : {0.0F, 0.2F, 0.5F, 0.9F}) {
      SCOPED_TRACE(fmt::format("{} rate {}", ToString(shape), rate));
      Dropout layer({.rate = rate});
      const DrawKey key;
      ExpectKeepsContract(layer, FactorsReference(Factors(key, rate, shape)),
                          {.inputs = {shape}, .same_in_evaluation = rate == 0, .key = key});
    }
  }
}

TEST(Dropout, OfWholeChannelsKeepsTheLayerContract) {
  const Shape shape{.channels = 6, .height = 3, .width = 2};
  const DrawKey key;
  const Array of_channels = Factors(key, 0.4F, {.channels = shape.channels});
  Array factors = Zeros(of_channels.batch, shape);
  for (int n = 0; n < factors.batch; ++n) {
    for (int c = 0; c < shape.channels; ++c) {
      for (int h = 0; h < shape.height; ++h) {
        for (int w = 0; w < shape.width; ++w) {
          factors.at(n, c, h, w) = of_channels.at(n, c, 0, 0);
        }
      }
    }
  }
  Dropout layer({.rate = 0.4F, .whole_channels = true});
  ExpectKeepsContract(layer, FactorsReference(factors),
                      {.inputs = {shape}, .same_in_evaluation = false, .key = key});
}

TEST(Dropout, IsTheIdentityInEvaluation) {
  Dropout layer({.rate = 0.5F});
  LayerRunner runner(layer, {{.channels = 50}}, 2);
  RandomStream stream(1, {.purpose = Purpose::kAugment});
  const Array x = RandomArray(2, {.channels = 50}, stream);
  EXPECT_EQ(runner.Forward(Phase::kEvaluation, {x}, {}).values, x.values);
}

TEST(Dropout, ASampleHasTheSameMaskInWhateverMicrobatchItIs) {
  const std::vector<double> together = Mask({.sample_ids = {9, 4, 7}});
  std::vector<double> apart = Mask({.sample_ids = {9}});
  const std::vector<double> others = Mask({.sample_ids = {4, 7}});
  apart.insert(apart.end(), others.begin(), others.end());
  EXPECT_EQ(together, apart);
}

TEST(Dropout, EveryPartOfTheKeyChangesTheMask) {
  const std::vector<double> mask = Mask({.seed = 1, .step = 1, .layer = 1, .sample_ids = {1}});
  EXPECT_NE(mask, Mask({.seed = 2, .step = 1, .layer = 1, .sample_ids = {1}}));
  EXPECT_NE(mask, Mask({.seed = 1, .step = 2, .layer = 1, .sample_ids = {1}}));
  EXPECT_NE(mask, Mask({.seed = 1, .step = 1, .layer = 2, .sample_ids = {1}}));
  EXPECT_NE(mask, Mask({.seed = 1, .step = 1, .layer = 1, .sample_ids = {2}}));
}

TEST(Dropout, DropsTheFractionThatItsRateSays) {
  Dropout layer({.rate = 0.3F});
  const Shape shape{.channels = 10'000};
  LayerRunner runner(layer, {shape}, 1);
  const Array y = runner.Forward(Phase::kTraining, {Ones(1, shape)}, {});
  EXPECT_NEAR(std::ranges::count(y.values, 0.0), 3000, 230);  // five standard deviations
}

TEST(Dropout, NanStaysNanEvenWhereItIsDropped) {
  Dropout layer({.rate = 0.5F});
  const Shape shape{.channels = 50};
  LayerRunner runner(layer, {shape}, 1);
  Array x = Zeros(1, shape);
  std::ranges::fill(x.values, std::numeric_limits<double>::quiet_NaN());
  const Array y = runner.Forward(Phase::kTraining, {x}, {});
  EXPECT_TRUE(std::ranges::all_of(y.values, [](double value) { return std::isnan(value); }));
}

TEST(Dropout, RefusesRatesOutsideItsRange) {
  for (const auto& [rate, text] :
       {std::pair{1.0F, "1"}, {-0.5F, "-0.5"}, {std::numeric_limits<float>::quiet_NaN(), "nan"}}) {
    Dropout layer({.rate = rate});
    ExpectRefuses(layer, {{.channels = 3}}, "rate",
                  fmt::format("must be at least 0 and below 1, is {}", text));
  }
}

}  // namespace
}  // namespace lockstep
