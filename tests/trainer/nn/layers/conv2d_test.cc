#include "trainer/nn/layers/conv2d.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/trainer/nn/layer_test_util.h"
#include "tests/trainer/tensor/convolution/convolution_runner.h"
#include "tests/trainer/tensor/convolution/naive_convolution.h"

namespace lockstep {
namespace {

ConvolutionGeometry Geometry(const Conv2dOptions& options, const Shape& input) {
  return {.input = input,
          .filters = options.filters,
          .kernel_height = options.kernel_height,
          .kernel_width = options.kernel_width,
          .stride_height = options.stride_height,
          .stride_width = options.stride_width,
          .padding_height = options.padding_height,
          .padding_width = options.padding_width,
          .groups = options.groups};
}

class Conv2dReference : public Reference {
 public:
  explicit Conv2dReference(ConvolutionGeometry geometry) : geometry_(geometry) {}

  Array Forward(const std::vector<Array>& inputs,
                const ParameterValues& parameters) const override {
    const int batch = inputs[0].batch;
    Array y{.batch = batch,
            .shape = geometry_.output(),
            .values = NaiveForward(geometry_, batch, parameters[0], inputs[0].values)};
    if (parameters.size() == 2) {
      const size_t plane = size_t(y.shape.height) * y.shape.width;
      for (size_t i = 0; i < y.values.size(); ++i) {
        y.values[i] += parameters[1][i / plane % y.shape.channels];
      }
    }
    return y;
  }

  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& dy) const override {
    const Array& x = inputs[0];
    NaiveGradients naive = NaiveBackward(geometry_, x.batch, parameters[0], x.values, dy.values);
    LayerGradients gradients{
        .inputs = {{.batch = x.batch, .shape = x.shape, .values = naive.input}},
        .parameters = {naive.weights}};
    if (parameters.size() == 2) {
      gradients.parameters.emplace_back(dy.shape.channels);
      const size_t plane = size_t(dy.shape.height) * dy.shape.width;
      for (size_t i = 0; i < dy.values.size(); ++i) {
        gradients.parameters[1][i / plane % dy.shape.channels] += dy.values[i];
      }
    }
    return gradients;
  }

 private:
  ConvolutionGeometry geometry_;
};

TEST(Conv2d, HandComputed) {
  Conv2d layer({.filters = 2, .kernel_height = 1, .kernel_width = 2});
  const Shape shape{.channels = 1, .height = 2, .width = 3};
  LayerRunner runner(layer, {shape}, 1);
  const Array x{.batch = 1, .shape = shape, .values = {1, 2, 3, 4, 5, 6}};
  const Array y = runner.Forward(Phase::kTraining, {x}, {{1, 1, -1, 2}, {100, 200}});
  EXPECT_EQ(y.values, (std::vector<double>{103, 105, 109, 111, 203, 204, 206, 207}));

  const Array dy{.batch = 1, .shape = y.shape, .values = {1, 0, 0, 0, 0, 0, 0, 10}};
  const LayerGradients gradients = runner.Backward(dy, {{0, 0, 0, 0}, {0, 0}}, {true});
  EXPECT_EQ(gradients.inputs[0].values, (std::vector<double>{1, 1, 0, 0, -10, 20}));
  EXPECT_EQ(gradients.parameters[0], (std::vector<double>{1, 2, 50, 60}));
  EXPECT_EQ(gradients.parameters[1], (std::vector<double>{1, 10}));
}

TEST(Conv2d, ExportedWeightIsInPyTorchsOrder) {
  // One window as large as the input: every weight meets the pixel of its own channel, row, column.
  Conv2d layer({.filters = 2, .kernel_height = 2, .kernel_width = 2, .bias = false});
  const Shape shape{.channels = 2, .height = 2, .width = 2};
  LayerRunner runner(layer, {shape}, 1);
  const std::vector<double> powers = {1, 2, 4, 8, 16, 32, 64, 128};
  for (size_t pixel = 0; pixel < powers.size(); ++pixel) {
    Array x = Zeros(1, shape);
    x.values[pixel] = 1;
    std::vector<double> weights = powers;
    weights.resize(16);  // filter 0 has the powers of two in (channel, row, column) order
    const Array y = runner.Forward(Phase::kTraining, {x}, {weights});
    EXPECT_EQ(y.values, (std::vector<double>{powers[pixel], 0}));
  }
}

TEST(Conv2d, KeepsTheLayerContract) {
  for (const Conv2dOptions& options : {
           Conv2dOptions{.filters = 5, .kernel_height = 3, .kernel_width = 3},
           Conv2dOptions{.filters = 4,
           .kernel_height = 3,
           .kernel_width = 2,
           .stride_height = 2,
           .stride_width = 3,
           .padding_height = 1,
           .padding_width = 2},
           Conv2dOptions{.filters = 6, .kernel_height = 1, .kernel_width = 1, .groups = 2},
           Conv2dOptions{.filters = 8,
           .kernel_height = 2,
           .kernel_width = 3,
           .padding_height = 1,
           .padding_width = 1,
           .groups = 4},
       }) {
    for (const bool bias : {true, false}) {
      for (const Shape& shape : {Shape{4, 6, 5}, Shape{12, 3, 4}}) {
        SCOPED_TRACE(Describe(Geometry(options, shape)));
        Conv2dOptions with_bias = options;
        with_bias.bias = bias;
        Conv2d layer(with_bias);
        ExpectKeepsContract(layer, Conv2dReference(Geometry(options, shape)),
                            {.inputs = {shape}, .max_batch = 5});
      }
    }
  }
}

TEST(Conv2d, PlanSaysShapeWorkAndWhatNoWindowSees) {
  Conv2d layer({.filters = 6,
                .kernel_height = 3,
                .kernel_width = 2,
                .stride_height = 3,
                .stride_width = 2,
                .groups = 2});
  LayerRunner runner(layer, {{.channels = 4, .height = 8, .width = 7}}, 1);
  EXPECT_EQ(runner.plan().output, (Shape{6, 2, 3}));
  EXPECT_EQ(runner.plan().flops, 2 * (2 * 3 * 2) * (6 * 2 * 3));
  EXPECT_EQ(runner.plan().unseen_rows, 2);
  EXPECT_EQ(runner.plan().unseen_columns, 1);
  EXPECT_EQ(runner.plan().saved_bytes, 0);
}

TEST(Conv2d, ParametersAreDescribedForFilesAndInitialisers) {
  Conv2d layer({.filters = 12,
                .kernel_height = 3,
                .kernel_width = 5,
                .groups = 2,
                .initializer = {.distribution = Distribution::kXavierUniform}});
  LayerRunner runner(layer, {{.channels = 8, .height = 9, .width = 9}}, 1);
  ASSERT_EQ(runner.parameters().size(), 2);
  const ParameterSpec& weight = runner.parameters()[0].spec;
  EXPECT_EQ(weight.name, "weight");
  EXPECT_EQ(weight.export_dims, (std::vector<int64_t>{12, 4, 3, 5}));
  EXPECT_EQ(weight.initializer.distribution, Distribution::kXavierUniform);
  EXPECT_EQ(weight.fan.in, 4 * 3 * 5);
  EXPECT_EQ(weight.fan.out, 6 * 3 * 5);
  EXPECT_EQ(runner.parameters()[1].spec.name, "bias");
  EXPECT_EQ(runner.parameters()[1].spec.export_dims, (std::vector<int64_t>{12}));
}

TEST(Conv2d, HasNoBiasWhenNotWanted) {
  Conv2d layer({.filters = 2, .kernel_height = 1, .kernel_width = 1, .bias = false});
  const LayerRunner runner(layer, {{.channels = 1, .height = 2, .width = 2}}, 1);
  EXPECT_EQ(runner.parameters().size(), 1);
}

// A convolution that suits kInput, with one setting changed.
constexpr Shape kInput{.channels = 6, .height = 8, .width = 9};
void ExpectRefusesSetting(int Conv2dOptions::*setting, int value, const std::string& field,
                          const std::string& message) {
  Conv2dOptions options{.filters = 4, .kernel_height = 3, .kernel_width = 3};
  options.*setting = value;
  Conv2d layer(options);
  ExpectRefuses(layer, {kInput}, field, message);
}

TEST(Conv2d, RefusesSettingsThatAreTooSmall) {
  ExpectRefusesSetting(&Conv2dOptions::filters, 0, "filters", "must be at least 1, is 0");
  ExpectRefusesSetting(&Conv2dOptions::kernel_height, 0, "kernel_height",
                       "must be at least 1, is 0");
  ExpectRefusesSetting(&Conv2dOptions::kernel_width, -3, "kernel_width",
                       "must be at least 1, is -3");
  ExpectRefusesSetting(&Conv2dOptions::stride_height, 0, "stride_height",
                       "must be at least 1, is 0");
  ExpectRefusesSetting(&Conv2dOptions::stride_width, 0, "stride_width", "must be at least 1, is 0");
  ExpectRefusesSetting(&Conv2dOptions::padding_height, -1, "padding_height",
                       "must be at least 0, is -1");
  ExpectRefusesSetting(&Conv2dOptions::padding_width, -1, "padding_width",
                       "must be at least 0, is -1");
  ExpectRefusesSetting(&Conv2dOptions::groups, 0, "groups", "must be at least 1, is 0");
}

TEST(Conv2d, RefusesSettingsThatAreTooLarge) {
  for (const auto& [setting, field] : {std::pair(&Conv2dOptions::filters, "filters"),
                                       {&Conv2dOptions::kernel_height, "kernel_height"},
                                       {&Conv2dOptions::kernel_width, "kernel_width"},
                                       {&Conv2dOptions::stride_height, "stride_height"},
                                       {&Conv2dOptions::stride_width, "stride_width"},
                                       {&Conv2dOptions::padding_height, "padding_height"},
                                       {&Conv2dOptions::padding_width, "padding_width"},
                                       {&Conv2dOptions::groups, "groups"}}) {
    ExpectRefusesSetting(setting, 2147483647, field, "must be at most 65535, is 2147483647");
  }
}

TEST(Conv2d, RefusesAKernelLargerThanThePaddedInput) {
  ExpectRefusesSetting(&Conv2dOptions::kernel_height, 9, "kernel_height",
                       "must be at most 8 (the input's height is 8, padding adds 2 x 0), is 9");
  Conv2d layer({.filters = 1, .kernel_height = 3, .kernel_width = 14, .padding_width = 2});
  ExpectRefuses(layer, {kInput}, "kernel_width",
                "must be at most 13 (the input's width is 9, padding adds 2 x 2), is 14");
}

TEST(Conv2d, RefusesGroupsThatDoNotDivide) {
  ExpectRefusesSetting(&Conv2dOptions::groups, 4, "groups",
                       "must divide both the input's 6 channels and the 4 filters, is 4");
  ExpectRefusesSetting(&Conv2dOptions::groups, 3, "groups",
                       "must divide both the input's 6 channels and the 4 filters, is 3");
}

TEST(Conv2d, RefusesMoreNumbersThanCanBeCounted) {
  Conv2d weights({.filters = 65535, .kernel_height = 100, .kernel_width = 100});
  ExpectRefuses(weights, {{.channels = 4, .height = 100, .width = 100}}, "filters",
                "gives 2621400000 weights, must be at most 2147483647");
  Conv2d output({.filters = 50000, .kernel_height = 1, .kernel_width = 1});
  ExpectRefuses(output, {{.channels = 1, .height = 300, .width = 300}}, "filters",
                "gives 4500000000 output numbers a sample, must be at most 2147483647");
}

TEST(Conv2d, RefusesASecondInput) {
  Conv2d layer({.filters = 1, .kernel_height = 1, .kernel_width = 1});
  ExpectRefuses(layer, {kInput, kInput}, "input", "must name 1 input, names 2");
}

}  // namespace
}  // namespace lockstep
