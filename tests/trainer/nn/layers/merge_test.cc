#include <gtest/gtest.h>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"
#include "trainer/nn/layers/add.h"
#include "trainer/nn/layers/concat.h"

namespace lockstep {
namespace {

TEST(Add, HandComputed) {
  Add layer;
  const Shape shape{.channels = 2};
  LayerRunner runner(layer, {shape, shape, shape}, 1);
  const std::vector<Array> x = {{.batch = 1, .shape = shape, .values = {1, 2}},
                                {.batch = 1, .shape = shape, .values = {10, 20}},
                                {.batch = 1, .shape = shape, .values = {100, 200}}};
  EXPECT_EQ(runner.Forward(Phase::kTraining, x, {}).values, (std::vector<double>{111, 222}));
  const Array dy{.batch = 1, .shape = shape, .values = {3, 4}};
  for (const Array& dx : runner.Backward(dy, {}, {true, true, true}).inputs) {
    EXPECT_EQ(dx.values, dy.values);
  }
}

TEST(Add, KeepsTheLayerContract) {
  for (const Shape& shape : {Shape{1}, Shape{3, 5, 4}, Shape{17, 2, 3}}) {
    for (const size_t inputs : {2, 3}) {
      SCOPED_TRACE(ToString(shape));
      Add layer;
      ExpectKeepsContract(layer, AddReference(), {.inputs = {inputs, shape}});
    }
  }
}

TEST(Add, RefusesOneInputAndDifferentShapes) {
  Add layer;
  ExpectRefuses(layer, {{3, 5, 5}}, "input", "must name at least 2 inputs, names 1");
  ExpectRefuses(layer, {{3, 5, 5}, {3, 5, 5}, {3, 5, 4}}, "input",
                "must name inputs of one shape, names 3x5x5 and 3x5x4");
}

TEST(Concat, HandComputed) {
  Concat layer;
  LayerRunner runner(layer, {{1, 1, 2}, {2, 1, 2}}, 1);
  const std::vector<Array> x = {{.batch = 1, .shape = {1, 1, 2}, .values = {1, 2}},
                                {.batch = 1, .shape = {2, 1, 2}, .values = {3, 4, 5, 6}}};
  const Array y = runner.Forward(Phase::kTraining, x, {});
  EXPECT_EQ(ToString(y.shape), "3x1x2");
  EXPECT_EQ(y.values, (std::vector<double>{1, 2, 3, 4, 5, 6}));
  const LayerGradients gradients = runner.Backward(y, {}, {true, true});
  EXPECT_EQ(gradients.inputs[0].values, (std::vector<double>{1, 2}));
  EXPECT_EQ(gradients.inputs[1].values, (std::vector<double>{3, 4, 5, 6}));
}

TEST(Concat, KeepsTheLayerContract) {
  Concat two;
  ExpectKeepsContract(two, ConcatReference(), {.inputs = {{17, 3, 4}, {3, 3, 4}}});
  Concat three;
  ExpectKeepsContract(three, ConcatReference(), {.inputs = {{1, 5, 1}, {3, 5, 1}, {1, 5, 1}}});
  Concat vectors;
  ExpectKeepsContract(vectors, ConcatReference(), {.inputs = {{5}, {2}}});
}

TEST(Concat, RefusesOneInputDifferentSizesAndTooManyChannels) {
  Concat layer;
  ExpectRefuses(layer, {{3, 5, 5}}, "input", "must name at least 2 inputs, names 1");
  ExpectRefuses(layer, {{3, 5, 5}, {3, 5, 4}}, "input",
                "must name inputs of one height and width, names 5x5 and 5x4");
  ExpectRefuses(layer, {{2'000'000'000}, {2'000'000'000}}, "input",
                "must have at most 2147483647 channels together, have 4000000000");
}

}  // namespace
}  // namespace lockstep
