#include "trainer/nn/fusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trainer/nn/layers/add.h"
#include "trainer/nn/layers/batch_norm.h"
#include "trainer/nn/layers/conv2d.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/relu.h"
#include "trainer/nn/layers/tanh.h"

namespace lockstep {
namespace {

using testing::ElementsAre;

std::unique_ptr<Layer> Conv(bool bias = true) {
  return std::make_unique<Conv2d>(Conv2dOptions{.filters = 16,
                                                .kernel_height = 3,
                                                .kernel_width = 3,
                                                .padding_height = 1,
                                                .padding_width = 1,
                                                .bias = bias});
}

std::unique_ptr<Layer> Pool(int kernel, int stride) {
  return std::make_unique<MaxPool>(PoolOptions{.kernel_height = kernel,
                                               .kernel_width = kernel,
                                               .stride_height = stride,
                                               .stride_width = stride});
}

// A net for 16 channels, where a layer takes the one before it.
class FusionTest : public testing::Test {
 protected:
  explicit FusionTest(ConvolutionChoice convolutions = ConvolutionChoice::kAuto)
      : net_({.channels = 16, .height = 12, .width = 12}, 4, convolutions) {}
  int Add(std::unique_ptr<Layer> layer) {
    const int before = static_cast<int>(net_.nodes().size()) - 1;
    return Add(std::move(layer), {before});
  }
  int Add(std::unique_ptr<Layer> layer, std::vector<int> inputs) {
    return net_.Add("layer" + std::to_string(net_.nodes().size()), std::move(layer),
                    std::move(inputs));
  }
  std::vector<std::string> Kinds(Phase phase = Phase::kTraining) const {
    std::vector<std::string> kinds;
    for (const Stage& stage : PlanStages(net_, phase)) {
      kinds.emplace_back(stage.layer->kind());
    }
    return kinds;
  }

  Net net_;
};

TEST_F(FusionTest, ChainsOfConvReluAndPoolBecomeOneStage) {
  Add(Conv());
  Add(std::make_unique<Relu>());
  Add(Conv());
  Add(std::make_unique<Relu>());
  Add(Pool(2, 2));
  EXPECT_THAT(Kinds(), ElementsAre("conv2d+relu", "conv2d+relu+max_pool"));
  const std::vector<Stage> stages = PlanStages(net_, Phase::kTraining);
  EXPECT_EQ(stages[1].first, 2);
  EXPECT_EQ(stages[1].last, 4);
  EXPECT_EQ(stages[1].plan.output, net_.output());
}

TEST_F(FusionTest, OtherWindowsAreLeftAlone) {
  Add(Conv());
  Add(std::make_unique<Relu>());
  Add(Pool(3, 2));
  EXPECT_THAT(Kinds(), ElementsAre("conv2d+relu", "max_pool"));
}

TEST_F(FusionTest, OtherFunctionsAreLeftAlone) {
  Add(Conv());
  Add(std::make_unique<Tanh>());
  Add(Conv(/*bias=*/false));
  Add(std::make_unique<Relu>());
  EXPECT_THAT(Kinds(), ElementsAre("conv2d", "tanh", "conv2d", "relu"));
}

TEST_F(FusionTest, AValueThatSomebodyElseTakesStaysAValue) {
  const int conv = Add(Conv());
  const int relu = Add(std::make_unique<Relu>());
  Add(std::make_unique<class Add>(), {conv, relu});
  EXPECT_THAT(Kinds(), ElementsAre("conv2d", "relu", "add"));
}

TEST_F(FusionTest, APoolThatSharesItsInputIsLeftAlone) {
  Add(Conv());
  const int relu = Add(std::make_unique<Relu>());
  const int pool = Add(Pool(2, 2));
  Add(std::make_unique<Relu>(), {relu});
  Add(std::make_unique<Relu>(), {pool});
  EXPECT_THAT(Kinds(), ElementsAre("conv2d+relu", "max_pool", "relu", "relu"));
}

TEST_F(FusionTest, BatchNormTakesTheReluWhileTrainingAndGoesIntoTheConvolutionForEvaluation) {
  Add(Conv(/*bias=*/false));
  Add(std::make_unique<BatchNorm>());
  Add(std::make_unique<Relu>());
  Add(Conv());
  Add(std::make_unique<BatchNorm>());
  Add(std::make_unique<Relu>());
  Add(Pool(2, 2));
  Add(Conv());
  Add(std::make_unique<BatchNorm>());
  EXPECT_THAT(Kinds(), ElementsAre("conv2d", "batch_norm+relu", "conv2d", "batch_norm+relu",
                                   "max_pool", "conv2d", "batch_norm"));
  EXPECT_THAT(Kinds(Phase::kEvaluation),
              ElementsAre("conv2d+batch_norm+relu", "conv2d+batch_norm+relu+max_pool",
                          "conv2d+batch_norm"));
}

TEST_F(FusionTest, BatchNormThatSharesItsInputIsLeftAlone) {
  const int conv = Add(Conv());
  const int norm = Add(std::make_unique<BatchNorm>());
  Add(std::make_unique<class Add>(), {conv, norm});
  EXPECT_THAT(Kinds(Phase::kEvaluation), ElementsAre("conv2d", "batch_norm", "add"));
}

struct ChoiceCase {
  ConvolutionChoice choice;
  const char* algorithm;
  bool fused;
};

class FusionOfChoiceTest : public FusionTest, public testing::WithParamInterface<ChoiceCase> {
 protected:
  FusionOfChoiceTest() : FusionTest(GetParam().choice) {}
};

TEST_P(FusionOfChoiceTest, StagesComputeAsTheNetSays) {
  Add(Conv());
  Add(std::make_unique<Relu>());
  const std::vector<Stage> stages = PlanStages(net_, Phase::kTraining);
  EXPECT_EQ(stages[0].plan.algorithm, GetParam().algorithm);
  EXPECT_EQ(stages[0].fused != nullptr, GetParam().fused);
}

INSTANTIATE_TEST_SUITE_P(All, FusionOfChoiceTest,
                         testing::Values(ChoiceCase{ConvolutionChoice::kAuto, "winograd", true},
                                         ChoiceCase{ConvolutionChoice::kWinograd, "winograd", true},
                                         ChoiceCase{ConvolutionChoice::kDirect, "direct", true},
                                         ChoiceCase{ConvolutionChoice::kGemm, "gemm", false}),
                         [](const auto& test) {
                           return std::string(test.param.algorithm) + std::to_string(test.index);
                         });

}  // namespace
}  // namespace lockstep
