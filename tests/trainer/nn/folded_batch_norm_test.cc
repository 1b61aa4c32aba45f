#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/trainer/nn/layer_test_util.h"
#include "tests/trainer/nn/lone_executor.h"
#include "trainer/base/random.h"
#include "trainer/nn/layers/batch_norm.h"
#include "trainer/nn/layers/conv2d.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/relu.h"

namespace lockstep {
namespace {

constexpr int kSamples = 3;

enum class Tail { kNone, kRelu, kPool };

struct FoldCase {
  ConvolutionChoice choice;
  bool bias;
  Tail tail;
};

Net MakeNet(const FoldCase& fold) {
  Net net({.channels = 16, .height = 10, .width = 12}, kSamples, fold.choice);
  const int conv = net.Add("conv",
                           std::make_unique<Conv2d>(Conv2dOptions{.filters = 32,
                                                                  .kernel_height = 3,
                                                                  .kernel_width = 3,
                                                                  .padding_height = 1,
                                                                  .padding_width = 1,
                                                                  .bias = fold.bias}),
                           {Net::kInput});
  int last = net.Add("bn", std::make_unique<BatchNorm>(), {conv});
  if (fold.tail != Tail::kNone) {
    last = net.Add("relu", std::make_unique<Relu>(), {last});
  }
  if (fold.tail == Tail::kPool) {
    net.Add("pool",
            std::make_unique<MaxPool>(PoolOptions{
                .kernel_height = 2, .kernel_width = 2, .stride_height = 2, .stride_width = 2}),
            {last});
  }
  return net;
}

std::vector<float> Random(int64_t size, uint32_t sample) {
  RandomStream stream(4, {.purpose = Purpose::kAugment, .sample = sample});
  const std::vector<double> values = RandomVector(size, stream);
  return {values.begin(), values.end()};
}

std::vector<double> Evaluate(const Net& net, Phase made_for, const std::vector<float>& values) {
  LoneExecutor executor(net, made_for);
  const std::vector<float> input = Random(kSamples * net.input().size(), 1);
  executor.SetParameters(values);
  const auto output = executor.Forward({}, {input.data(), kSamples, net.input()}).values();
  return {output.begin(), output.end()};
}

// An executor for training does not fold, whatever the phase of what it runs.
TEST(FoldedBatchNorm, EvaluatesAsOneLayerAfterTheOther) {
  for (const FoldCase& fold : {FoldCase{ConvolutionChoice::kAuto, false, Tail::kPool},
                               FoldCase{ConvolutionChoice::kDirect, true, Tail::kRelu},
                               FoldCase{ConvolutionChoice::kGemm, true, Tail::kRelu},
                               FoldCase{ConvolutionChoice::kGemm, false, Tail::kNone}}) {
    SCOPED_TRACE(static_cast<int>(fold.choice));
    const Net net = MakeNet(fold);
    std::vector<float> values = Random(net.parameters().value_count(), 2);
    for (const Buffer& buffer : net.parameters().buffers()) {
      if (buffer.spec.name == "running_var") {
        for (float& variance : net.parameters()
                                   .BuffersOf(std::span(values))
                                   .subspan(buffer.slice.offset, buffer.slice.size)) {
          variance = 0.5F + variance * variance;
        }
      }
    }
    ExpectClose(Evaluate(net, Phase::kEvaluation, values), Evaluate(net, Phase::kTraining, values),
                "output");
  }
}

}  // namespace
}  // namespace lockstep
