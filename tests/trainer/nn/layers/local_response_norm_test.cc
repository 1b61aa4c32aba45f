#include "trainer/nn/layers/local_response_norm.h"

#include <gtest/gtest.h>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"

namespace lockstep {
namespace {

TEST(LocalResponseNorm, HandComputed) {
  LocalResponseNorm layer({.size = 3, .alpha = 3, .beta = 0.5, .k = 2});
  LayerRunner runner(layer, {{.channels = 3}}, 1);
  const Array x{.batch = 1, .shape = {.channels = 3}, .values = {1, 1, 6}};
  // Scales: 2 + 1 + 1, 2 + 1 + 1 + 36, 2 + 1 + 36.
  ExpectClose(runner.Forward(Phase::kTraining, {x}, {}).values, {0.5, 0.158113883, 0.960768923},
              "output");
}

TEST(LocalResponseNorm, KeepsTheLayerContract) {
  const std::vector<LocalResponseNormOptions> cases = {
      {.size = 5, .alpha = 0.5},
      {.size = 3, .alpha = 2, .beta = 0.5, .k = 2},
      {.size = 1},
      {.size = 9, .alpha = 1, .beta = 1.5, .k = 0.5}};
  for (const LocalResponseNormOptions& options : cases) {
    for (const Shape& shape : {Shape{1}, Shape{17, 3, 2}, Shape{4, 1, 3}}) {
      SCOPED_TRACE(fmt::format("size {}, {}", options.size, ToString(shape)));
      LocalResponseNorm layer(options);
      ExpectKeepsContract(
          layer, LocalResponseNormReference(options.size, options.alpha, options.beta, options.k),
          {.inputs = {shape}});
    }
  }
}

TEST(LocalResponseNorm, RefusesSettingsThatMakeNoSense) {
  const auto refuses = [](const LocalResponseNormOptions& options, const std::string& field,
                          const std::string& message) {
    LocalResponseNorm layer(options);
    ExpectRefuses(layer, {{3, 5, 5}}, field, message);
  };
  refuses({.size = 4}, "size", "must be odd, is 4");
  refuses({.size = 0}, "size", "must be at least 1, is 0");
  refuses({.alpha = 0}, "alpha", "must be above 0, is 0");
  refuses({.beta = -1}, "beta", "must be above 0, is -1");
  refuses({.k = 0}, "k", "must be above 0, is 0");
}

}  // namespace
}  // namespace lockstep
