#include "trainer/nn/layers/batch_norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"
#include "trainer/nn/layers/batch_norm_relu.h"

namespace lockstep {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

constexpr double kEpsilon = 1e-5;

// Both layers as one: a runner builds the norm here, where a net has built it before.
class BatchNormReluAfter : public BatchNormRelu {
 public:
  explicit BatchNormReluAfter(BatchNorm& norm) : BatchNormRelu(norm), norm_(norm) {}
  LayerPlan Build(const BuildContext& context) override {
    norm_.Build(context);
    return BatchNormRelu::Build(context);
  }

 private:
  BatchNorm& norm_;
};

TEST(BatchNorm, HandComputed) {
  BatchNorm layer({.epsilon = 3});
  const Shape shape{.channels = 1, .height = 1, .width = 2};
  LayerRunner runner(layer, {shape}, 1);
  // Mean 5, variance 1, root of 1 + 3.
  const Array x{.batch = 1, .shape = shape, .values = {4, 6}};
  const Array y = runner.Forward(Phase::kTraining, {x}, {{10}, {100}});
  EXPECT_EQ(y.values, (std::vector<double>{95, 105}));
  // The unbiased variance is 2.
  EXPECT_THAT(runner.Statistics(), ElementsAre(ElementsAre(5), ElementsAre(2)));

  const Array dy{.batch = 1, .shape = shape, .values = {1, 3}};
  const LayerGradients gradients = runner.Backward(dy, {{0}, {0}}, {true});
  EXPECT_EQ(gradients.parameters[0], (std::vector<double>{-0.5 + 1.5}));
  EXPECT_EQ(gradients.parameters[1], (std::vector<double>{4}));
  // 10 / 2 * (dy - 4 / 2 - x_normalised * 1 / 2)
  EXPECT_EQ(gradients.inputs[0].values, (std::vector<double>{-3.75, 3.75}));
}

TEST(BatchNorm, KeepsTheLayerContract) {
  // Single positions and odd planes, channels of every mixture of vectors.
  for (const Shape& shape : {Shape{1, 9, 7}, Shape{3, 1, 3}, Shape{16, 1, 1}, Shape{37, 3, 5},
                             Shape{64, 1, 1}, Shape{64, 5, 3}, Shape{150, 2, 2}}) {
    SCOPED_TRACE(ToString(shape));
    BatchNorm layer({.epsilon = 0.1});
    ExpectKeepsContract(layer, BatchNormReference(0.1),
                        {.inputs = {shape}, .max_batch = 5, .same_in_evaluation = false});
  }
}

TEST(BatchNorm, ALargePlaneFarFromZeroIsNormalisedExactly) {
  constexpr double kFar = 1000;
  const Shape shape{.channels = 2, .height = 100, .width = 150};
  BatchNorm layer;
  LayerRunner runner(layer, {shape}, 2);
  RandomStream stream(3, {.purpose = Purpose::kAugment});
  Array x = RandomArray(2, shape, stream);
  for (double& value : x.values) {
    value = static_cast<float>(value + kFar);
  }
  const ParameterValues parameters{{1, 2}, {0, 3}};
  const Array y = runner.Forward(Phase::kTraining, {x}, parameters);
  // A float near 1000 is exact to 3e-5.
  const Array expected = BatchNormReference(kEpsilon).Forward({x}, parameters);
  EXPECT_THAT(y.values, Pointwise(DoubleNear(2e-4), expected.values));
}

TEST(BatchNorm, EvaluationUsesTheRunningStatistics) {
  BatchNorm layer({.epsilon = 1});
  const Shape shape{.channels = 2};
  LayerRunner runner(layer, {shape}, 2);
  const Array x{.batch = 1, .shape = shape, .values = {7, 8}};
  // As built: mean 0, variance 1.
  EXPECT_EQ(runner.Forward(Phase::kEvaluation, {x}, {{std::sqrt(2.0), 0}, {0, 5}}).values[1], 5);
  runner.SetBuffers({{1, 2}, {3, 8}});
  ExpectClose(runner.Forward(Phase::kEvaluation, {x}, {{10, 100}, {5, 6}}).values,
              {10.0 * 6 / 2 + 5, 100.0 * 6 / 3 + 6}, "output");
}

TEST(BatchNorm, ASingleNumberHasNoDeviation) {
  BatchNorm layer;
  const Shape shape{.channels = 2};
  LayerRunner runner(layer, {shape}, 2);
  const Array x{.batch = 1, .shape = shape, .values = {7, -8}};
  EXPECT_EQ(runner.Forward(Phase::kTraining, {x}, {{1, 2}, {3, 4}}).values,
            (std::vector<double>{3, 4}));
  EXPECT_THAT(runner.Statistics(), ElementsAre(ElementsAre(7, -8), ElementsAre(0, 0)));
  EXPECT_EQ(
      runner.Backward({.batch = 1, .shape = shape, .values = {1, 1}}, {{0, 0}, {0, 0}}, {true})
          .inputs[0]
          .values,
      (std::vector<double>{0, 0}));
}

TEST(BatchNorm, ABrokenNumberReachesTheOutputAndTheStatistics) {
  BatchNorm layer;
  const Shape shape{.channels = 1, .height = 2, .width = 2};
  LayerRunner runner(layer, {shape}, 1);
  const Array x{.batch = 1, .shape = shape, .values = {1, NAN, 2, 3}};
  EXPECT_TRUE(std::isnan(runner.Forward(Phase::kTraining, {x}, {{1}, {0}}).values[0]));
  EXPECT_TRUE(std::isnan(runner.Statistics()[0][0]));
}

// The norm alone, then relu, and both as one layer.
TEST(BatchNormRelu, IsBatchNormAndReluBitForBit) {
  for (const int channels : {1, 21, 128}) {
    SCOPED_TRACE(channels);
    const Shape shape{.channels = channels, .height = 6, .width = 5};
    BatchNorm norm;
    LayerRunner apart(norm, {shape}, 3);
    RandomStream stream(9, {.purpose = Purpose::kAugment});
    const Array x = RandomArray(3, shape, stream);
    Array dy = RandomArray(3, shape, stream);
    const ParameterValues parameters = apart.RandomParameters(stream);
    const ParameterValues zero(2, std::vector<double>(channels));
    Array y = apart.Forward(Phase::kTraining, {x}, parameters);
    BatchNormReluAfter both(norm);
    LayerRunner together(both, {shape}, 3);
    const Array rectified = together.Forward(Phase::kTraining, {x}, parameters);
    const LayerGradients gradients = together.Backward(dy, zero, {true});
    for (size_t i = 0; i < y.values.size(); ++i) {
      dy.values[i] = y.values[i] > 0 ? dy.values[i] : 0;
      y.values[i] = std::max(y.values[i], 0.0);
    }
    EXPECT_EQ(rectified.values, y.values);
    const LayerGradients expected = apart.Backward(dy, zero, {true});
    EXPECT_EQ(gradients.inputs[0].values, expected.inputs[0].values);
    EXPECT_EQ(gradients.parameters, expected.parameters);
  }
}

TEST(BatchNorm, RefusesMicrobatchesOfOneNumber) {
  BatchNorm layer;
  ExpectRefuses(layer, {{.channels = 3}}, "",
                "normalises each channel over a microbatch, which has a single number of it here: "
                "1 x 1 pixels, 1 sample; set microbatch to 2 or more");
}

TEST(BatchNorm, RefusesSettingsThatMakeNoSense) {
  BatchNorm no_epsilon({.epsilon = 0});
  ExpectRefuses(no_epsilon, {{.channels = 3, .height = 2}}, "epsilon", "must be positive, is 0");
  BatchNorm momentum({.momentum = 1.5});
  ExpectRefuses(momentum, {{.channels = 3, .height = 2}}, "momentum",
                "must be from 0 to 1, is 1.5");
}

}  // namespace
}  // namespace lockstep
