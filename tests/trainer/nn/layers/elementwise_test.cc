#include "trainer/nn/layers/elementwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"
#include "trainer/nn/layers/elu.h"
#include "trainer/nn/layers/leaky_relu.h"
#include "trainer/nn/layers/relu.h"
#include "trainer/nn/layers/relu6.h"
#include "trainer/nn/layers/sigmoid.h"
#include "trainer/nn/layers/tanh.h"

namespace lockstep {
namespace {

Array Vector(std::vector<double> values) {
  const auto channels = static_cast<int>(values.size());
  return {.batch = 1, .shape = {.channels = channels}, .values = std::move(values)};
}

// Output and input gradient of a vector.
struct Answer {
  std::vector<double> output;
  std::vector<double> gradient;
};

Answer Answers(Layer& layer, const std::vector<double>& x, const std::vector<double>& dy) {
  LayerRunner runner(layer, {{.channels = static_cast<int>(x.size())}}, 1);
  Answer answer;
  answer.output = runner.Forward(Phase::kTraining, {Vector(x)}, {}).values;
  answer.gradient = runner.Backward(Vector(dy), {}, {true}).inputs[0].values;
  return answer;
}

template <typename LayerType>
void ExpectKeepsContractOnOddShapes(const LayerType& layer, const Reference& reference) {
  for (const Shape& shape : {Shape{1}, Shape{17}, Shape{3, 5, 4}}) {
    SCOPED_TRACE(ToString(shape));
    LayerType copy = layer;
    ExpectKeepsContract(copy, reference, {.inputs = {shape}});
  }
}

TEST(Relu, HandComputed) {
  Relu layer;
  const Answer answer = Answers(layer, {-1, 0, 2, -0.5}, {5, 6, 7, 8});
  EXPECT_EQ(answer.output, (std::vector<double>{0, 0, 2, 0}));
  EXPECT_EQ(answer.gradient, (std::vector<double>{0, 0, 7, 0}));
}

TEST(Relu, KeepsTheLayerContract) { ExpectKeepsContractOnOddShapes(Relu(), ReluReference()); }

TEST(Relu6, HandComputed) {
  Relu6 layer;
  const Answer answer = Answers(layer, {-1, 0, 2, 5.5, 6, 7}, {5, 6, 7, 8, 9, 10});
  EXPECT_EQ(answer.output, (std::vector<double>{0, 0, 2, 5.5, 6, 6}));
  EXPECT_EQ(answer.gradient, (std::vector<double>{0, 0, 7, 8, 0, 0}));
}

TEST(Relu6, KeepsTheLayerContract) {
  ExpectKeepsContractOnOddShapes(
      Relu6(), ElementwiseReference([](double x) { return std::min(std::max(x, 0.0), 6.0); },
                                    [](double x) { return x > 0 && x < 6 ? 1.0 : 0.0; }));
}

TEST(LeakyRelu, HandComputed) {
  LeakyRelu layer({.slope = 0.25F});
  const Answer answer = Answers(layer, {-1, 0, 2, -0.5}, {5, 6, 7, 8});
  EXPECT_EQ(answer.output, (std::vector<double>{-0.25, 0, 2, -0.125}));
  EXPECT_EQ(answer.gradient, (std::vector<double>{1.25, 1.5, 7, 2}));
}

TEST(LeakyRelu, KeepsTheLayerContract) {
  for (const float slope : {0.0F, 0.01F, 0.5F}) {
    ExpectKeepsContractOnOddShapes(
        LeakyRelu({.slope = slope}),
        ElementwiseReference([slope](double x) { return x > 0 ? x : slope * x; },
                             [slope](double x) { return x > 0 ? 1.0 : slope; }));
  }
}

TEST(Elu, HandComputed) {
  Elu layer({.alpha = 2});
  const auto minus_ln2 = static_cast<double>(-std::log(2.0F));
  const Answer answer = Answers(layer, {minus_ln2, 0, 3}, {5, 6, 7});
  ExpectClose(answer.output, {-1, 0, 3}, "output");  // 2 * (1/2 - 1)
  ExpectClose(answer.gradient, {5, 12, 7}, "gradient");
}

TEST(Elu, KeepsTheLayerContract) {
  for (const float alpha : {1.0F, 0.3F}) {
    ExpectKeepsContractOnOddShapes(
        Elu({.alpha = alpha}),
        ElementwiseReference([alpha](double x) { return x > 0 ? x : alpha * std::expm1(x); },
                             [alpha](double x) { return x > 0 ? 1 : alpha * std::exp(x); }));
  }
}

TEST(Elu, RefusesAnAlphaThatIsNotPositive) {
  Elu zero({.alpha = 0});
  ExpectRefuses(zero, {{.channels = 3}}, "alpha", "must be above 0, is 0");
  Elu nan({.alpha = std::numeric_limits<float>::quiet_NaN()});
  ExpectRefuses(nan, {{.channels = 3}}, "alpha", "must be above 0, is nan");
}

TEST(Sigmoid, HandComputed) {
  Sigmoid layer;
  const auto ln3 = static_cast<double>(std::log(3.0F));
  const Answer answer = Answers(layer, {0, ln3, -ln3}, {4, 16, 32});
  ExpectClose(answer.output, {0.5, 0.75, 0.25}, "output");
  ExpectClose(answer.gradient, {1, 3, 6}, "gradient");
}

TEST(Sigmoid, KeepsTheLayerContract) {
  const auto value = [](double x) { return 1 / (1 + std::exp(-x)); };
  ExpectKeepsContractOnOddShapes(Sigmoid(), ElementwiseReference(value, [value](double x) {
                                   return value(x) * (1 - value(x));
                                 }));
}

TEST(Sigmoid, IsAccurateFarOut) {
  Sigmoid layer;
  const Answer answer = Answers(layer, {-40, 40, -500, 500}, {1, 1, 1, 1});
  EXPECT_NEAR(answer.output[0] / std::exp(-40.0), 1, 1e-6);
  EXPECT_EQ(answer.output[1], 1);
  EXPECT_LT(answer.output[2], 1e-37);
  EXPECT_EQ(answer.output[3], 1);
}

TEST(Tanh, HandComputed) {
  Tanh layer;
  const auto half_ln3 = static_cast<double>(std::log(3.0F) / 2);
  const Answer answer = Answers(layer, {0, half_ln3, -half_ln3}, {4, 8, 12});
  ExpectClose(answer.output, {0, 0.5, -0.5}, "output");
  ExpectClose(answer.gradient, {4, 6, 9}, "gradient");
}

TEST(Tanh, KeepsTheLayerContract) {
  ExpectKeepsContractOnOddShapes(
      Tanh(), ElementwiseReference([](double x) { return std::tanh(x); },
                                   [](double x) { return 1 - std::tanh(x) * std::tanh(x); }));
}

TEST(Tanh, IsAccurateNearZeroAndFarOut) {
  Tanh layer;
  const auto small = static_cast<double>(1e-6F);
  const Answer answer = Answers(layer, {small, -small, 1e30, -1e30}, {1, 1, 1, 1});
  EXPECT_NEAR(answer.output[0] / small, 1, 1e-6);
  EXPECT_EQ(answer.output[1], -answer.output[0]);
  EXPECT_EQ(answer.output[2], 1);
  EXPECT_EQ(answer.output[3], -1);
}

TEST(Elementwise, NanStaysNanSoThatTheLossNoticesIt) {
  Relu relu;
  Relu6 relu6;
  LeakyRelu leaky_relu;
  Elu elu;
  Sigmoid sigmoid;
  Tanh tanh;
  for (Layer* layer :
       {static_cast<Layer*>(&relu), static_cast<Layer*>(&relu6), static_cast<Layer*>(&leaky_relu),
        static_cast<Layer*>(&elu), static_cast<Layer*>(&sigmoid), static_cast<Layer*>(&tanh)}) {
    const Answer answer = Answers(*layer, {1, std::numeric_limits<double>::quiet_NaN()}, {1, 1});
    EXPECT_FALSE(std::isnan(answer.output[0])) << layer->kind();
    EXPECT_TRUE(std::isnan(answer.output[1])) << layer->kind();
  }
}

TEST(Elementwise, RefusesASecondInput) {
  Relu layer;
  ExpectRefuses(layer, {{.channels = 3}, {.channels = 3}}, "input", "must name 1 input, names 2");
}

}  // namespace
}  // namespace lockstep
