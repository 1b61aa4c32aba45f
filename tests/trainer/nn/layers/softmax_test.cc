#include "trainer/nn/layers/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"

namespace lockstep {
namespace {

TEST(Softmax, HandComputedAtEachPixel) {
  Softmax layer;
  LayerRunner runner(layer, {{2, 1, 2}}, 1);
  const double ln3 = std::log(3.0);
  const Array x{.batch = 1, .shape = {2, 1, 2}, .values = {0, 7, ln3, 7}};
  ExpectClose(runner.Forward(Phase::kTraining, {x}, {}).values, {0.25, 0.5, 0.75, 0.5}, "output");
  const Array dy{.batch = 1, .shape = {2, 1, 2}, .values = {16, 1, 0, 3}};
  ExpectClose(runner.Backward(dy, {}, {true}).inputs[0].values, {3, -0.5, -3, 0.5}, "gradient");
}

TEST(Softmax, KeepsTheLayerContract) {
  for (const Shape& shape : {Shape{1}, Shape{10}, Shape{17, 3, 4}}) {
    SCOPED_TRACE(ToString(shape));
    Softmax layer;
    ExpectKeepsContract(layer, SoftmaxReference(), {.inputs = {shape}});
  }
}

TEST(Softmax, LargeNumbersDoNotOverflowAndNanStaysNan) {
  Softmax layer;
  LayerRunner runner(layer, {{.channels = 2}}, 1);
  const auto values = [&](double a, double b) {
    const Array x{.batch = 1, .shape = {.channels = 2}, .values = {a, b}};
    return runner.Forward(Phase::kTraining, {x}, {}).values;
  };
  EXPECT_EQ(values(1e30, 1e30), (std::vector<double>{0.5, 0.5}));
  EXPECT_EQ(values(-1e30, 1e30)[1], 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(values(nan, 1)[1]));
  EXPECT_TRUE(std::isnan(values(1, nan)[0]));
}

}  // namespace
}  // namespace lockstep
