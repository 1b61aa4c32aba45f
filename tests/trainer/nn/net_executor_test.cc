#include "trainer/nn/net_executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"
#include "tests/trainer/nn/lone_executor.h"
#include "trainer/base/check.h"
#include "trainer/nn/layers/add.h"
#include "trainer/nn/layers/concat.h"
#include "trainer/nn/layers/dropout.h"
#include "trainer/nn/layers/linear.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/relu.h"
#include "trainer/nn/layers/tanh.h"

namespace lockstep {
namespace {

constexpr int kMaxBatch = 6;
constexpr PoolOptions kPool{
    .kernel_height = 2, .kernel_width = 3, .stride_height = 2, .stride_width = 1};

// A net beside the same net in double precision.
class TwinNet {
 public:
  explicit TwinNet(Shape input) : net_(input, kMaxBatch) {}

  int Add(std::unique_ptr<Layer> layer, std::unique_ptr<Reference> reference,
          std::vector<int> inputs) {
    const size_t parameters = net_.parameters().parameters().size();
    twins_.push_back({.reference = std::move(reference), .first_parameter = parameters});
    return net_.Add("node" + std::to_string(twins_.size()), std::move(layer), std::move(inputs));
  }
  int AddLinear(int units, int input) {
    return Add(std::make_unique<Linear>(LinearOptions{.units = units}),
               std::make_unique<LinearReference>(units), {input});
  }
  int AddTanh(int input) {
    return Add(std::make_unique<Tanh>(),
               std::make_unique<ElementwiseReference>(
                   [](double x) { return std::tanh(x); },
                   [](double x) { return 1 - std::tanh(x) * std::tanh(x); }),
               {input});
  }
  int AddSum(std::vector<int> inputs) {
    return Add(std::make_unique<lockstep::Add>(), std::make_unique<AddReference>(),
               std::move(inputs));
  }
  int AddConcat(std::vector<int> inputs) {
    return Add(std::make_unique<Concat>(), std::make_unique<ConcatReference>(), std::move(inputs));
  }

  const Net& net() const { return net_; }

  Array Output(const Array& input, const ParameterValues& parameters) const {
    std::vector<Array> values;
    for (size_t i = 0; i < twins_.size(); ++i) {
      const Net::Node& node = net_.nodes()[i];
      std::vector<Array> inputs;
      for (const int source : node.inputs) {
        inputs.push_back(source == Net::kInput ? input : values[source]);
      }
      const size_t end = i + 1 < twins_.size() ? twins_[i + 1].first_parameter : parameters.size();
      const ParameterValues own(parameters.begin() + twins_[i].first_parameter,
                                parameters.begin() + end);
      values.push_back(twins_[i].reference->Forward(inputs, own));
    }
    return values.back();
  }

 private:
  struct Twin {
    std::unique_ptr<Reference> reference;
    size_t first_parameter;
  };
  Net net_;
  std::vector<Twin> twins_;
};

// A microbatch, the net's parameters and the gradient by its output; all random.
struct Microbatch {
  Microbatch(const Net& net, int batch) : parameters(net.parameters().size()) {
    RandomStream stream(3, {.purpose = Purpose::kAugment});
    Initialize(net.parameters(), 5, parameters);
    for (float& value : parameters) {
      value += 0.1F * stream.Normal();  // biases, too
    }
    Resize(input, batch * net.input().size(), stream);
    Resize(output_gradient, batch * net.output().size(), stream);
    sample_ids.resize(batch);
    std::iota(sample_ids.begin(), sample_ids.end(), 10U);
    input_tensor = {input.data(), batch, net.input()};
  }

  static void Resize(std::vector<float>& values, int64_t size, RandomStream& stream) {
    const std::vector<double> random = RandomVector(size, stream);
    values.assign(random.begin(), random.end());
  }

  MicrobatchContext Context(Phase phase = Phase::kTraining) const {
    return {.phase = phase, .seed = 1, .step = 2, .sample_ids = sample_ids};
  }

  std::vector<float> parameters;
  std::vector<float> input;
  std::vector<float> output_gradient;
  std::vector<uint32_t> sample_ids;
  ConstTensor input_tensor;
};

std::vector<float> Copy(std::span<const float> values) { return {values.begin(), values.end()}; }

std::vector<float> Forward(LoneExecutor& executor, const Microbatch& microbatch,
                           Phase phase = Phase::kTraining) {
  executor.SetParameters(microbatch.parameters);
  return Copy(executor.Forward(microbatch.Context(phase), microbatch.input_tensor).values());
}

void Backward(
    LoneExecutor& executor, const Microbatch& microbatch,
    const NetExecutor::NodeDone& node_done = [](int) {}) {
  std::ranges::copy(microbatch.output_gradient, executor.output_gradient().data);
  executor.Backward(microbatch.Context(), node_done);
}

std::vector<float> Gradients(LoneExecutor& executor, const Microbatch& microbatch) {
  Forward(executor, microbatch);
  Backward(executor, microbatch);
  return Copy(executor.parameter_gradients());
}

ParameterValues Exported(const Net& net, std::span<const float> flat) {
  ParameterValues exported;
  for (const Parameter& parameter : net.parameters().parameters()) {
    const std::vector<float> values = ExportParameter(parameter, flat);
    exported.emplace_back(values.begin(), values.end());
  }
  return exported;
}

// d sum(output * output_gradient) / d parameters by central differences of the double net.
ParameterValues Differences(const TwinNet& twin, const Array& input, ParameterValues parameters,
                            const Array& output_gradient) {
  const auto objective = [&] {
    const Array output = twin.Output(input, parameters);
    return std::inner_product(output.values.begin(), output.values.end(),
                              output_gradient.values.begin(), 0.0);
  };
  constexpr double kStep = 1e-5;
  ParameterValues slopes = parameters;
  for (size_t k = 0; k < parameters.size(); ++k) {
    for (size_t i = 0; i < parameters[k].size(); ++i) {
      const double kept = parameters[k][i];
      parameters[k][i] = kept + kStep;
      const double above = objective();
      parameters[k][i] = kept - kStep;
      slopes[k][i] = (above - objective()) / (2 * kStep);
      parameters[k][i] = kept;
    }
  }
  return slopes;
}

void ExpectNetMatchesItsTwin(const TwinNet& twin) {
  const Net& net = twin.net();
  LoneExecutor executor(net, Phase::kTraining);
  for (const int batch : {kMaxBatch, 1}) {
    SCOPED_TRACE(batch);
    const Microbatch microbatch(net, batch);
    const Array input = ToArray(microbatch.input, batch, net.input());
    const ParameterValues parameters = Exported(net, microbatch.parameters);
    ExpectClose(ToArray(Forward(executor, microbatch), batch, net.output()),
                twin.Output(input, parameters), "output");
    Backward(executor, microbatch);
    const ParameterValues gradients = Exported(net, executor.parameter_gradients());
    const ParameterValues expected = Differences(
        twin, input, parameters, ToArray(microbatch.output_gradient, batch, net.output()));
    for (size_t k = 0; k < gradients.size(); ++k) {
      ExpectClose(gradients[k], expected[k],
                  "gradient of " + net.parameters().parameters()[k].name);
    }
  }
}

// linear - relu - dropout - linear
Net SmallNet() {
  Net net({.channels = 2, .height = 3, .width = 2}, kMaxBatch);
  net.Add("fc1", std::make_unique<Linear>(LinearOptions{.units = 20}), {Net::kInput});
  net.Add("relu", std::make_unique<Relu>(), {0});
  net.Add("dropout", std::make_unique<Dropout>(DropoutOptions{.rate = 0.5F}), {1});
  net.Add("fc2", std::make_unique<Linear>(LinearOptions{.units = 4}), {2});
  return net;
}

TEST(NetExecutor, AChainHasTheGradientsOfItsTwin) {
  TwinNet twin({.channels = 3, .height = 4, .width = 5});
  const int pool = twin.Add(std::make_unique<MaxPool>(kPool),
                            std::make_unique<PoolReference>(PoolKind::kMax, kPool), {Net::kInput});
  const int fc1 = twin.AddLinear(8, pool);
  const int tanh = twin.AddTanh(fc1);
  twin.AddLinear(3, tanh);
  ExpectNetMatchesItsTwin(twin);
}

TEST(NetExecutor, AValueWithSeveralConsumersGetsAllTheirGradients) {
  TwinNet twin({.channels = 3, .height = 2, .width = 2});
  const int stem = twin.AddLinear(5, Net::kInput);
  const int left = twin.AddLinear(5, stem);
  const int right = twin.AddTanh(stem);
  const int sum = twin.AddSum({left, stem, right});
  twin.AddLinear(3, sum);
  ExpectNetMatchesItsTwin(twin);
}

TEST(NetExecutor, ALayerMayTakeTheSameValueTwice) {
  TwinNet twin({.channels = 4});
  const int stem = twin.AddLinear(3, Net::kInput);
  const int doubled = twin.AddSum({stem, stem});
  const int joined = twin.AddConcat({doubled, stem, doubled, doubled});
  const int bent = twin.AddTanh(joined);
  const int again = twin.AddConcat({bent, stem, bent});
  twin.AddLinear(2, again);
  ExpectNetMatchesItsTwin(twin);
}

TEST(NetExecutor, TheInputMayHaveSeveralConsumers) {
  TwinNet twin({.channels = 4});
  const int left = twin.AddLinear(4, Net::kInput);
  const int right = twin.AddSum({Net::kInput, left, Net::kInput});
  twin.AddConcat({Net::kInput, right});
  ExpectNetMatchesItsTwin(twin);
}

TEST(NetExecutor, ReportsNodesFromLastToFirstWithTheirGradientsFinal) {
  const Net net = SmallNet();
  const Microbatch microbatch(net, 5);
  LoneExecutor executor(net, Phase::kTraining);
  const std::vector<float> final = Gradients(executor, microbatch);

  std::vector<int> order;
  Forward(executor, microbatch);
  Backward(executor, microbatch, [&](int node) {
    order.push_back(node);
    const ParameterSlice& slice = net.nodes()[node].parameters;
    const auto now = executor.parameter_gradients().subspan(slice.offset, slice.size);
    EXPECT_TRUE(std::ranges::equal(now, std::span(final).subspan(slice.offset, slice.size)))
        << net.nodes()[node].name;
  });
  EXPECT_EQ(order, (std::vector<int>{3, 2, 1, 0}));
}

TEST(NetExecutor, GradientsDoNotPileUpFromOneMicrobatchToTheNext) {
  const Net net = SmallNet();
  const Microbatch large(net, kMaxBatch);
  const Microbatch small(net, 2);
  LoneExecutor executor(net, Phase::kTraining);
  const std::vector<float> first = Gradients(executor, small);
  Gradients(executor, large);
  EXPECT_EQ(Gradients(executor, small), first);
}

TEST(NetExecutor, AnotherExecutorComputesTheSameBits) {
  const Net net = SmallNet();
  const Microbatch microbatch(net, 5);
  LoneExecutor first(net, Phase::kTraining);
  LoneExecutor second(net, Phase::kTraining);
  EXPECT_EQ(Gradients(first, microbatch), Gradients(second, microbatch));
}

// Layers without a matrix product compute each sample by itself, so the cut cannot change a bit.
TEST(NetExecutor, DropoutDoesNotDependOnCutOrOrderOfTheMicrobatch) {
  Net net({.channels = 10, .height = 3, .width = 1}, kMaxBatch);
  net.Add("dropout1", std::make_unique<Dropout>(DropoutOptions{.rate = 0.5F}), {Net::kInput});
  net.Add("dropout2", std::make_unique<Dropout>(DropoutOptions{.rate = 0.3F}), {0});
  const Microbatch whole(net, 4);
  LoneExecutor executor(net, Phase::kTraining);
  const std::vector<float> output = Forward(executor, whole);
  const auto size = static_cast<size_t>(net.input().size());
  for (const int n : {3, 0, 2, 1}) {
    Microbatch one(net, 1);
    std::copy_n(whole.input.begin() + n * size, size, one.input.begin());
    one.sample_ids = {whole.sample_ids[n]};
    EXPECT_TRUE(
        std::ranges::equal(Forward(executor, one), std::span(output).subspan(n * size, size)))
        << "sample " << n;
  }
}

TEST(NetExecutor, TwoDropoutsOfOneNetDropDifferently) {
  Net net({.channels = 100}, 1);
  net.Add("left", std::make_unique<Dropout>(DropoutOptions{.rate = 0.5F}), {Net::kInput});
  net.Add("right", std::make_unique<Dropout>(DropoutOptions{.rate = 0.5F}), {Net::kInput});
  net.Add("both", std::make_unique<Concat>(), {0, 1});
  LoneExecutor executor(net, Phase::kTraining);
  const std::vector<float> output = Forward(executor, Microbatch(net, 1));
  EXPECT_FALSE(std::equal(output.begin(), output.begin() + 100, output.begin() + 100));
}

TEST(NetExecutor, EvaluationNeedsNeitherSampleIdsNorATrainingExecutor) {
  const Net net = SmallNet();
  const Microbatch microbatch(net, 5);
  LoneExecutor training(net, Phase::kTraining);
  LoneExecutor evaluation(net, Phase::kEvaluation);
  MicrobatchContext context = microbatch.Context(Phase::kEvaluation);
  context.sample_ids = {};
  evaluation.SetParameters(microbatch.parameters);
  EXPECT_EQ(Copy(evaluation.Forward(context, microbatch.input_tensor).values()),
            Forward(training, microbatch, Phase::kEvaluation));
  EXPECT_LT(evaluation.plan().memory().bytes, training.plan().memory().bytes);
}

TEST(NetExecutor, MeasuresWhereTheTimeGoes) {
  const Net net = SmallNet();
  const Microbatch microbatch(net, 5);
  LoneExecutor executor(net, Phase::kTraining);
  Gradients(executor, microbatch);
  ASSERT_EQ(executor.seconds().size(), executor.plan().stages().size());
  for (const StageSeconds& seconds : executor.seconds()) {
    EXPECT_GT(seconds.forward, 0);
    EXPECT_GT(seconds.backward, 0);
  }
}

TEST(NetExecutor, ChecksWhatItIsCalledWith) {
  const Net net = SmallNet();
  const Microbatch microbatch(net, 3);
  LoneExecutor executor(net, Phase::kTraining);
  LoneExecutor evaluation(net, Phase::kEvaluation);
  const MicrobatchContext context = microbatch.Context();
  ConstTensor input = microbatch.input_tensor;

  EXPECT_THROW(executor.Forward(context, input), CheckFailure) << "no parameters";
  EXPECT_THROW(executor.SetParameters({}), CheckFailure) << "too few parameters";
  EXPECT_THROW(
      executor.NetExecutor::SetParameters(microbatch.parameters, std::vector<std::byte>(1)),
      CheckFailure)
      << "prepared by another plan";
  executor.SetParameters(microbatch.parameters);
  evaluation.SetParameters(microbatch.parameters);
  EXPECT_THROW(evaluation.Forward(context, input), CheckFailure) << "made for evaluation";
  EXPECT_THROW(executor.Backward(context, [](int) {}), CheckFailure) << "no forward";
  executor.Forward(microbatch.Context(Phase::kEvaluation), input);
  EXPECT_THROW(executor.Backward(context, [](int) {}), CheckFailure) << "forward was evaluation";
  executor.Forward(context, input);
  executor.Backward(context, [](int) {});
  EXPECT_THROW(executor.Backward(context, [](int) {}), CheckFailure) << "twice";

  input.shape.height += 1;
  EXPECT_THROW(executor.Forward(context, input), CheckFailure) << "shape";
  input = microbatch.input_tensor;
  input.batch = 0;
  EXPECT_THROW(executor.Forward(context, input), CheckFailure) << "no sample";
  input.batch = kMaxBatch + 1;
  EXPECT_THROW(executor.Forward(context, input), CheckFailure) << "too many samples";
  input.batch = 2;
  EXPECT_THROW(executor.Forward(context, input), CheckFailure) << "sample ids for three";
}

TEST(NetExecutor, RefusesToTrainANetWithANodeThatNobodyUses) {
  Net net({.channels = 3}, 1);
  EXPECT_THROW(ExecutionPlan(net, Phase::kTraining), CheckFailure) << "empty";
  net.Add("unused", std::make_unique<Relu>(), {Net::kInput});
  net.Add("output", std::make_unique<Relu>(), {Net::kInput});
  EXPECT_THROW(ExecutionPlan(net, Phase::kTraining), CheckFailure);
}

}  // namespace
}  // namespace lockstep
