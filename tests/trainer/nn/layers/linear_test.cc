#include "trainer/nn/layers/linear.h"

#include <gtest/gtest.h>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"

namespace lockstep {
namespace {

TEST(Linear, HandComputed) {
  Linear layer({.units = 2});
  LayerRunner runner(layer, {{.channels = 3}}, 1);
  const Array x{.batch = 1, .shape = {.channels = 3}, .values = {1, 2, 3}};
  const Array y = runner.Forward(Phase::kTraining, {x}, {{1, 0, -1, 2, 1, 0}, {10, 20}});
  EXPECT_EQ(y.values, (std::vector<double>{1 - 3 + 10, 2 + 2 + 20}));

  const Array dy{.batch = 1, .shape = {.channels = 2}, .values = {1, -2}};
  const LayerGradients gradients = runner.Backward(dy, {{0, 0, 0, 0, 0, 0}, {0, 0}}, {true});
  EXPECT_EQ(gradients.inputs[0].values, (std::vector<double>{1 - 4, -2, -1}));
  EXPECT_EQ(gradients.parameters[0], (std::vector<double>{1, 2, 3, -2, -4, -6}));
  EXPECT_EQ(gradients.parameters[1], (std::vector<double>{1, -2}));
}

TEST(Linear, ExportedWeightTakesTheInputInChannelHeightWidthOrder) {
  Linear layer({.units = 1, .bias = false});
  const Shape shape{.channels = 2, .height = 1, .width = 2};
  LayerRunner runner(layer, {shape}, 1);
  const Array x{.batch = 1, .shape = shape, .values = {1, 2, 3, 4}};
  const Array y = runner.Forward(Phase::kTraining, {x}, {{1, 10, 100, 1000}});
  EXPECT_EQ(y.values, (std::vector<double>{4321}));
}

TEST(Linear, KeepsTheLayerContract) {
  for (const Shape& shape : {Shape{1}, Shape{17}, Shape{3, 5, 4}, Shape{16, 1, 3}}) {
    for (const int units : {1, 10, 33}) {
      for (const bool bias : {true, false}) {
        SCOPED_TRACE(ToString(shape) + " to " + std::to_string(units));
        Linear layer({.units = units, .bias = bias});
        ExpectKeepsContract(layer, LinearReference(units), {.inputs = {shape}, .max_batch = 5});
      }
    }
  }
}

TEST(Linear, CountsAMultiplyAddAsTwoOperations) {
  Linear layer({.units = 7});
  LayerRunner runner(layer, {{.channels = 2, .height = 3, .width = 4}}, 1);
  EXPECT_EQ(runner.plan().flops, 2 * 24 * 7);
  EXPECT_EQ(runner.plan().output, (Shape{.channels = 7}));
}

TEST(Linear, RefusesNoUnits) {
  Linear layer({.units = 0});
  ExpectRefuses(layer, {{.channels = 3}}, "units", "must be at least 1, is 0");
}

TEST(Linear, RefusesASecondInput) {
  Linear layer({.units = 1});
  ExpectRefuses(layer, {{.channels = 3}, {.channels = 3}}, "input", "must name 1 input, names 2");
}

TEST(Linear, RefusesMoreWeightsThanAnIntCounts) {
  Linear layer({.units = 2'000'000});
  ExpectRefuses(layer, {{.channels = 3, .height = 100, .width = 100}}, "units",
                "must be at most 71582 (each has 30000 weights), is 2000000");
}

}  // namespace
}  // namespace lockstep
