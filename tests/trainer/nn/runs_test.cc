#include "trainer/nn/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "tests/trainer/nn/lone_executor.h"
#include "trainer/base/random.h"
#include "trainer/nn/layers/add.h"
#include "trainer/nn/layers/conv2d.h"
#include "trainer/nn/layers/dropout.h"
#include "trainer/nn/layers/linear.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/relu.h"
#include "trainer/nn/layers/tanh.h"
#include "trainer/nn/memory_plan.h"

namespace lockstep {

inline bool operator==(const StageRun& a, const StageRun& b) {
  return a.first == b.first && a.last == b.last && a.slice == b.slice;
}

namespace {

constexpr int kBatch = 40;
constexpr int kSlice = 16;

// Values of 20 x 20 x 16 are too large for all samples at once. A value from before the sliced run
// joins in it, one from within has two readers, and one is read behind it.
Net LargeNet(int max_batch) {
  Net net({.channels = 3, .height = 20, .width = 20}, max_batch);
  const auto convolution = [] {
    return std::make_unique<Conv2d>(Conv2dOptions{.filters = 16,
                                                  .kernel_height = 3,
                                                  .kernel_width = 3,
                                                  .padding_height = 1,
                                                  .padding_width = 1});
  };
  const auto pool = [] {
    return std::make_unique<MaxPool>(
        PoolOptions{.kernel_height = 2, .kernel_width = 2, .stride_height = 2, .stride_width = 2});
  };
  net.Add("stem", convolution(), {Net::kInput});
  net.Add("relu", std::make_unique<Relu>(), {0});
  net.Add("conv", convolution(), {1});
  net.Add("dropout", std::make_unique<Dropout>(DropoutOptions{.rate = 0.5F}), {2});
  net.Add("join", std::make_unique<Add>(), {3, 1});
  net.Add("pool", pool(), {4});
  net.Add("fc", std::make_unique<Linear>(LinearOptions{.units = 8}), {5});
  net.Add("tanh", std::make_unique<Tanh>(), {6});
  return net;
}

std::vector<float> RandomFloats(int64_t size, uint32_t key) {
  RandomStream stream(7, {.purpose = Purpose::kAugment, .sample = key});
  std::vector<float> values(size);
  for (float& value : values) {
    value = stream.Normal();
  }
  return values;
}

struct Answer {
  std::vector<float> output;
  std::vector<float> gradients;
};

// What a net of the given largest microbatch makes of samples [begin, begin + count).
Answer RunSamples(int max_batch, int begin, int count, Phase phase = Phase::kTraining) {
  const Net net = LargeNet(max_batch);
  LoneExecutor executor(net, phase);
  std::vector<float> parameters(net.parameters().size());
  Initialize(net.parameters(), 5, parameters);
  executor.SetParameters(parameters);
  const std::vector<float> images = RandomFloats(kBatch * net.input().size(), 1);
  const std::vector<float> output_gradient = RandomFloats(kBatch * net.output().size(), 2);
  std::vector<uint32_t> ids(count);
  std::iota(ids.begin(), ids.end(), static_cast<uint32_t>(begin));
  const MicrobatchContext context{.phase = phase, .seed = 1, .step = 2, .sample_ids = ids};
  const ConstTensor output =
      executor.Forward(context, {images.data() + begin * net.input().size(), count, net.input()});
  Answer answer{.output = {output.values().begin(), output.values().end()}, .gradients = {}};
  if (phase == Phase::kTraining) {
    std::copy_n(output_gradient.data() + begin * net.output().size(), count * net.output().size(),
                executor.output_gradient().data);
    executor.Backward(context, [](int /*node*/) {});
    answer.gradients.assign(executor.parameter_gradients().begin(),
                            executor.parameter_gradients().end());
  }
  return answer;
}

std::vector<StageRun> RunsOf(const Net& net) {
  const std::vector<Stage> stages = PlanStages(net, Phase::kTraining);
  return PlanRuns(net, stages);
}

// Stages: stem+relu, conv, dropout, join, pool; then fc, tanh.
TEST(StageRuns, LargeValuesGoThroughInSlicesUpToTheFirstLayerThatNeedsAllSamples) {
  EXPECT_THAT(
      RunsOf(LargeNet(kBatch)),
      testing::ElementsAre(StageRun{0, 4, kSlice}, StageRun{5, 5, kBatch}, StageRun{6, 6, kBatch}));
}

TEST(StageRuns, AMicrobatchThatFitsTheCacheIsNotCut) {
  for (const StageRun& run : RunsOf(LargeNet(kSlice))) {
    EXPECT_EQ(run.first, run.last);
    EXPECT_EQ(run.slice, kSlice);
  }
}

TEST(StageRuns, GradientsWithinARunAreKeptForASliceAlone) {
  const Net net = LargeNet(kBatch);
  const std::vector<Stage> stages = PlanStages(net, Phase::kTraining);
  const MemoryPlan plan = PlanMemory(net, stages, PlanRuns(net, stages), Phase::kTraining);
  for (size_t i = 0; i < stages.size(); ++i) {
    const bool within = i < 4;  // the pool's gradient comes from the layer behind the run
    const int64_t samples = within ? kSlice : kBatch;
    EXPECT_EQ(plan.stages[i].gradient.bytes, samples * stages[i].plan.output.size() * 4) << i;
    EXPECT_EQ(plan.stages[i].activation.bytes, kBatch * stages[i].plan.output.size() * 4) << i;
  }
}

TEST(StageRuns, TheOutputIsThatOfEverySliceAlone) {
  for (const Phase phase : {Phase::kTraining, Phase::kEvaluation}) {
    const std::vector<float> whole = RunSamples(kBatch, 0, kBatch, phase).output;
    for (int begin = 0; begin < kBatch; begin += kSlice) {
      const int count = std::min(kSlice, kBatch - begin);
      const std::vector<float> alone = RunSamples(kSlice, begin, count, phase).output;
      EXPECT_THAT(alone, testing::Pointwise(testing::FloatNear(1e-5F),
                                            std::span(whole).subspan(begin * 8, alone.size())));
    }
  }
}

TEST(StageRuns, TheGradientIsTheSumOfThoseOfTheSlices) {
  const std::vector<float> whole = RunSamples(kBatch, 0, kBatch).gradients;
  std::vector<float> sum(whole.size());
  for (int begin = 0; begin < kBatch; begin += kSlice) {
    const Answer slice = RunSamples(kSlice, begin, std::min(kSlice, kBatch - begin));
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] += slice.gradients[i];
    }
  }
  EXPECT_THAT(sum, testing::Pointwise(testing::FloatNear(2e-3F), whole));
}

TEST(StageRuns, AShorterMicrobatchIsCutTheSameWay) {
  const std::vector<float> whole = RunSamples(kBatch, 0, kBatch).output;
  const std::vector<float> shorter = RunSamples(kBatch, 0, 19).output;
  EXPECT_THAT(shorter, testing::Pointwise(testing::FloatNear(1e-5F),
                                          std::span(whole).first(shorter.size())));
}

}  // namespace
}  // namespace lockstep
