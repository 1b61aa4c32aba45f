// Layers that are wrong by themselves, and layers that do not make a network.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/config/config_testing.h"

namespace lockstep {
namespace {

// A job whose model is `layers`, which begin on line 2.
std::string JobOf(std::string_view layers) {
  return fmt::format(
      "name: 'net' data {{ digits {{}} }} epochs: 1 optimizer {{ adam {{}} }} model {{\n{}\n}}",
      layers);
}

std::string ErrorOfLayers(std::string_view layers) { return ErrorOf(JobOf(layers)); }

TEST(ValidateLayers, AKernelIsSetInOneWay) {
  EXPECT_EQ(ErrorAfter("kernel: 2", ""), "job:5:24: model.layer[2].max_pool.kernel: must be set");
  EXPECT_EQ(
      ErrorAfter("kernel: 2", "kernel: 2 kernel_width: 3"),
      "job:5:35: model.layer[2].max_pool.kernel: cannot be set together with kernel_height or "
      "kernel_width");
  EXPECT_EQ(ErrorAfter("kernel: 2", "kernel_height: 2"),
            "job:5:24: model.layer[2].max_pool.kernel_width: must be set, as kernel_height is");
  EXPECT_EQ(ErrorAfter("kernel: 3", "kernel_width: 3"),
            "job:3:24: model.layer[0].conv2d.kernel_height: must be set, as kernel_width is");
  EXPECT_EQ(ErrorAfter("kernel: 2", "kernel_height: 2 kernel_width: 1"), "");
}

TEST(ValidateLayers, StrideAndPaddingAreSetInOneWay) {
  EXPECT_EQ(ErrorAfter("kernel: 3", "kernel: 3 stride: 1 stride_height: 2"),
            "job:3:54: model.layer[0].conv2d.stride: cannot be set together with stride_height or "
            "stride_width");
  EXPECT_EQ(
      ErrorAfter("kernel: 3", "kernel: 3 padding: 1 padding_width: 1"),
      "job:3:54: model.layer[0].conv2d.padding: cannot be set together with padding_height or "
      "padding_width");
  EXPECT_EQ(
      ErrorAfter("max_pool { kernel: 2", "avg_pool { kernel: 2 stride: 1 stride_width: 1"),
      "job:5:45: model.layer[2].avg_pool.stride: cannot be set together with stride_height or "
      "stride_width");
}

TEST(ValidateLayers, PaddingIsLessThanTheKernel) {
  EXPECT_EQ(
      ErrorAfter("kernel: 3", "kernel: 3 padding: 3"),
      "job:3:54: model.layer[0].conv2d.padding: must be less than the kernel's height (3), is 3");
  EXPECT_EQ(
      ErrorAfter("kernel: 3", "kernel_height: 5 kernel_width: 3 padding: 3"),
      "job:3:77: model.layer[0].conv2d.padding: must be less than the kernel's width (3), is 3");
  EXPECT_EQ(
      ErrorAfter("kernel: 3", "kernel: 3 padding_width: 4"),
      "job:3:54: model.layer[0].conv2d.padding_width: must be less than the kernel's width (3), "
      "is 4");
}

TEST(ValidateLayers, PaddingOfAPoolingIsLikewise) {
  EXPECT_EQ(
      ErrorAfter("kernel: 2", "kernel: 2 padding: 2"),
      "job:5:45: model.layer[2].max_pool.padding: must be less than the kernel's height (2), is 2");
  EXPECT_EQ(ErrorAfter("max_pool { kernel: 2", "avg_pool { kernel: 3 padding: 1 padding_width: 1"),
            "job:5:45: model.layer[2].avg_pool.padding: cannot be set together with padding_height "
            "or padding_width");
}

TEST(ValidateLayers, ABorderIsSetInOneWay) {
  EXPECT_EQ(
      ErrorAfter("relu {}", "pad { padding: 1 top: 2 }"),
      "job:4:30: model.layer[1].pad.padding: cannot be set together with top, bottom, left or "
      "right");
  EXPECT_EQ(ErrorAfter("relu {}", "pad { top: 1 right: 1 }"), "");
}

TEST(ValidateLayers, NormalisationAcrossChannelsHasAMiddle) {
  EXPECT_EQ(ErrorAfter("relu {}", "local_response_norm { size: 4 }"),
            "job:4:46: model.layer[1].local_response_norm.size: must be odd, is 4");
}

TEST(ValidateLayers, GroupsDivideTheFilters) {
  EXPECT_EQ(ErrorAfter("kernel: 3", "kernel: 3 groups: 3"),
            "job:3:54: model.layer[0].conv2d.groups: must divide filters (4), is 3");
}

TEST(ValidateGraph, ANetworkHasLayers) {
  EXPECT_EQ(ErrorOfLayers(""), "job:1:64: model.layer: must have at least one element");
}

TEST(ValidateGraph, NamesAreUnique) {
  EXPECT_EQ(
      ErrorAfter("\"pool\"", "\"relu\" input: 'conv'"),
      "job:5:11: model.layer[2].name: must be unique, is relu, which model.layer[1] is called too");
}

TEST(ValidateGraph, DefaultNamesMeetNoOthers) {
  EXPECT_EQ(ErrorOfLayers("layer { name: 'relu_2' relu {} }\n"
                          "layer { relu {} }\n"
                          "layer { name: 'out' linear { units: 2 } input: 'relu_2' }"),
            "job:3:1: model.layer[1].name: must be unique, is relu_2, which model.layer[0] is "
            "called too");
}

TEST(ValidateGraph, NamesAreGoodForFilesAndAreNotData) {
  EXPECT_EQ(ErrorAfter("\"pool\"", "\"data\""),
            "job:5:11: model.layer[2].name: must not be data, which stands for the samples");
  EXPECT_EQ(ErrorAfter("\"pool\"", "\"block/1\""),
            "job:5:11: model.layer[2].name: must consist of letters, digits, '.', '_' and '-', is "
            "block/1");
  EXPECT_EQ(ErrorAfter("\"pool\"", "\"layer1.0.conv1\""), "");
}

TEST(ValidateGraph, InputsAreLayers) {
  EXPECT_EQ(
      ErrorAfter("relu {}", "relu {} input: 'cnov'"),
      "job:4:32: model.layer[1].input[0]: must be the name of a layer or data, is cnov; did you "
      "mean conv?");
  EXPECT_EQ(ErrorAfter("relu {}", "relu {} input: 'xyzzy'"),
            "job:4:32: model.layer[1].input[0]: must be the name of a layer or data, is xyzzy");
}

TEST(ValidateGraph, EachKindTakesItsNumberOfInputs) {
  EXPECT_EQ(ErrorAfter("relu {}", "relu {} input: ['conv', 'data']"),
            "job:4:40: model.layer[1].input: must name one layer, names 2");
  EXPECT_EQ(
      ErrorAfter("relu {}", "add {}"),
      "job:4:3: model.layer[1].input: must name at least two layers, names 0\n"
      "job:3:3: model.layer[0]: must be the input of another layer, or the last: nothing uses "
      "conv");
  EXPECT_EQ(ErrorAfter("relu {}", "concat {} input: 'conv'"),
            "job:4:34: model.layer[1].input: must name at least two layers, names 1");
}

TEST(ValidateGraph, EveryOutputIsUsedButTheLast) {
  EXPECT_EQ(
      ErrorAfter("max_pool { kernel: 2 }", "max_pool { kernel: 2 } input: 'conv'"),
      "job:4:3: model.layer[1]: must be the input of another layer, or the last: nothing uses "
      "relu");
}

TEST(ValidateGraph, BranchesAndLaterInputsAreFine) {
  EXPECT_EQ(ErrorOfLayers("layer { name: 'sum' add {} input: ['left', 'right'] }\n"
                          "layer { name: 'left' relu {} input: 'data' }\n"
                          "layer { name: 'right' tanh {} input: 'data' }\n"
                          "layer { name: 'out' linear { units: 10 } input: 'sum' }"),
            "");
}

TEST(ValidateGraph, TheOutputIsTheLastLayerOfTheFile) {
  EXPECT_EQ(
      ErrorOfLayers("layer { name: 'out' linear { units: 10 } input: 'first' }\n"
                    "layer { name: 'first' relu {} input: 'data' }"),
      "job:2:1: model.layer[0]: must be the input of another layer, or the last: nothing uses "
      "out");
}

TEST(ValidateGraph, ACycleIsNamedInTheOrderOfTheDataFlow) {
  EXPECT_EQ(ErrorOfLayers("layer { name: 'a' add {} input: ['data', 'c'] }\n"
                          "layer { name: 'b' relu {} }\n"
                          "layer { name: 'c' relu {} }\n"
                          "layer { name: 'out' linear { units: 10 } }"),
            "job:2:34: model.layer[0].input: must not lead back to the layer: a -> b -> c -> a");
  EXPECT_EQ(ErrorAfter("relu {}", "relu {} input: 'relu'"),
            "job:4:32: model.layer[1].input: must not lead back to the layer: relu -> relu");
}

TEST(ValidateGraph, AVeryDeepNetworkIsChecked) {
  std::string layers;
  for (int i = 0; i < 20'000; ++i) {
    layers += fmt::format("layer {{ name: 'l{}' relu {{}} input: 'l{}' }}\n", i, i + 1);
  }
  layers += "layer { name: 'l20000' relu {} input: 'l0' }";
  EXPECT_EQ(
      ErrorOfLayers(layers),
      "job:2:28: model.layer[0].input: must not lead back to the layer: l0 -> l20000 -> l19999 -> "
      "l19998 -> l19997 -> l19996 -> l19995 -> l19994 -> l19993 -> l19992 -> l19991 -> l19990 -> "
      "... -> l0");
}

TEST(ValidateGraph, TooManyLayersAreRefused) {
  std::string layers;
  for (int i = 0; i < 65'536; ++i) {
    layers += "layer { relu {} }\n";
  }
  EXPECT_EQ(ErrorOfLayers(layers),
            "job:2:1: model.layer: must have at most 65535 elements, has 65536");
}

}  // namespace
}  // namespace lockstep
