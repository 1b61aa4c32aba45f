#include "trainer/nn/layers/pad.h"

#include <gtest/gtest.h>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"

namespace lockstep {
namespace {

TEST(Pad, HandComputed) {
  Pad layer({.top = 1, .right = 2, .value = 9});
  LayerRunner runner(layer, {{1, 1, 2}}, 1);
  const Array x{.batch = 1, .shape = {1, 1, 2}, .values = {3, 4}};
  const Array y = runner.Forward(Phase::kTraining, {x}, {});
  EXPECT_EQ(ToString(y.shape), "1x2x4");
  EXPECT_EQ(y.values, (std::vector<double>{9, 9, 9, 9,  //
                                           3, 4, 9, 9}));
  const Array dy{.batch = 1, .shape = y.shape, .values = {1, 2, 3, 4, 5, 6, 7, 8}};
  EXPECT_EQ(runner.Backward(dy, {}, {true}).inputs[0].values, (std::vector<double>{5, 6}));
}

TEST(Pad, KeepsTheLayerContract) {
  const std::vector<PadOptions> cases = {
      {}, {1, 1, 1, 1, 0}, {.top = 2, .left = 3, .value = 0.5F}, {.bottom = 1, .right = 2}};
  for (const PadOptions& options : cases) {
    for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 5, 4}}) {
      SCOPED_TRACE(fmt::format("{} {} {} {} around {}", options.top, options.bottom, options.left,
                               options.right, ToString(shape)));
      Pad layer(options);
      ExpectKeepsContract(layer, PadReference(options), {.inputs = {shape}});
    }
  }
}

TEST(Pad, RefusesABorderOfLessThanNothing) {
  Pad layer({.left = -1});
  ExpectRefuses(layer, {{3, 5, 5}}, "left", "must be at least 0, is -1");
}

}  // namespace
}  // namespace lockstep
