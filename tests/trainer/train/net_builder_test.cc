#include "trainer/train/net_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "trainer/base/error.h"

namespace lockstep {
namespace {

using testing::HasSubstr;

constexpr Shape kMnist{.channels = 1, .height = 28, .width = 28};

// A job around `model`, whose layers begin on line 2.
LoadedJob Job(const std::string& model) {
  return ParseJob("name: 'test' data { digits {} } epochs: 1 optimizer { adam {} }\n" + model,
                  "job.textproto");
}

std::string BuildError(const std::string& model, const Shape& input = kMnist) {
  try {
    BuildNet(Job(model), input, 10);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(BuildNet, LayersComeInAnOrderInWhichInputsAreKnown) {
  const auto net = BuildNet(Job("model {\n"
                                "  layer { name: 'sum' add {} input: ['left', 'right'] }\n"
                                "  layer { name: 'left' linear { units: 10 } input: 'data' }\n"
                                "  layer { name: 'right' linear { units: 10 } input: 'data' }\n"
                                "  layer { name: 'out' relu {} input: 'sum' }\n"
                                "}"),
                            kMnist, 10);
  std::vector<std::string> names;
  for (const Net::Node& node : net->nodes()) {
    names.push_back(node.name);
  }
  EXPECT_THAT(names, testing::ElementsAre("left", "right", "sum", "out"));
  EXPECT_THAT(net->nodes()[2].inputs, testing::ElementsAre(0, 1));
}

TEST(BuildNet, ALayerThatDoesNotFitItsInputIsNamedWithItsPlace) {
  EXPECT_THAT(BuildError("model {\n"
                         "  layer { name: 'conv' conv2d { filters: 4 kernel: 31 } }\n"
                         "  layer { name: 'out' linear { units: 10 } }\n"
                         "}"),
              HasSubstr("job.textproto:3:44: model.layer[0].conv2d.kernel: must be at most 28"));
  EXPECT_THAT(
      BuildError(
          "model {\n"
          "  layer { name: 'conv' conv2d { filters: 4 kernel_height: 3 kernel_width: 31 } }\n"
          "  layer { name: 'out' linear { units: 10 } }\n"
          "}"),
      HasSubstr("job.textproto:3:61: model.layer[0].conv2d.kernel_width: must be at most 28"));
}

TEST(BuildNet, TheLastLayerMustGiveOneNumberForEachClass) {
  const std::string error = BuildError("model {\n  layer { name: 'out' linear { units: 7 } }\n}");
  EXPECT_THAT(error, HasSubstr("job.textproto:3:3: model.layer[0]"));
  EXPECT_THAT(error, HasSubstr("one number for each of the 10 classes, gives 7"));
}

constexpr const char* kUnevenPool =
    "model { strict_shapes: %s\n"
    "  layer { name: 'pool' max_pool { kernel: 3 } }\n"
    "  layer { name: 'out' linear { units: 10 } }\n"
    "}";

std::string UnevenPool(const std::string& strict) {
  std::string text = kUnevenPool;
  return text.replace(text.find("%s"), 2, strict);
}

TEST(BuildNet, RowsThatNoWindowSeesAreDescribed) {
  const auto net = BuildNet(Job(UnevenPool("false")), kMnist, 10);
  EXPECT_EQ(DescribeUnseen(*net, 0), "row 27 and column 27");
  EXPECT_EQ(DescribeUnseen(*net, 1), "");
}

TEST(BuildNet, StrictShapesRefusesRowsThatNoWindowSees) {
  EXPECT_THAT(BuildError(UnevenPool("true")),
              HasSubstr("no window sees row 27 and column 27 of its 1x28x28 input"));
}

TEST(BuildNet, ConvolutionsComputeAsTheJobSays) {
  const std::string layers =
      "  layer { conv2d { filters: 16 kernel: 3 } }\n"
      "  layer { conv2d { filters: 16 kernel: 3 } }\n"
      "  layer { linear { units: 10 } }\n"
      "}";
  const auto algorithms = [&](const std::string& setting) {
    const auto net = BuildNet(Job("model {" + setting + "\n" + layers), kMnist, 10);
    return std::vector{net->nodes()[0].plan.algorithm, net->nodes()[1].plan.algorithm};
  };
  using testing::ElementsAre;
  EXPECT_THAT(algorithms(""), ElementsAre("windows", "winograd"));
  EXPECT_THAT(algorithms("conv_algorithm: AUTO"), ElementsAre("windows", "winograd"));
  EXPECT_THAT(algorithms("conv_algorithm: WINOGRAD"), ElementsAre("gemm", "winograd"));
  EXPECT_THAT(algorithms("conv_algorithm: DIRECT"), ElementsAre("windows", "windows"));
  EXPECT_THAT(algorithms("conv_algorithm: GEMM"), ElementsAre("gemm", "gemm"));
}

TEST(BuildNet, DataOfAnotherShapeThanTheJobSaysIsRefused) {
  EXPECT_THAT(BuildError("model { input { channels: 3 height: 28 width: 28 }\n"
                         "  layer { name: 'out' linear { units: 10 } }\n"
                         "}"),
              HasSubstr("model.input: must be what the data has, 1x28x28, is 3x28x28"));
}

}  // namespace
}  // namespace lockstep
