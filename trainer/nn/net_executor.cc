#include "trainer/nn/net_executor.h"

#include <algorithm>
#include <chrono>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

NetExecutor::NetExecutor(const Net& net, Phase phase)
    : net_(net),
      stages_(PlanStages(net, phase)),
      stage_of_node_(net.nodes().size(), -1),
      memory_(PlanMemory(net, stages_, phase)),
      arena_(memory_.bytes),
      trains_(phase == Phase::kTraining),
      has_gradient_(net.nodes().size()),
      seconds_(stages_.size()) {
  CHECK(!net.nodes().empty());
  CHECK(!trains_ || net.EveryNodeIsUsed());
  size_t most_inputs = 0;
  for (size_t i = 0; i < stages_.size(); ++i) {
    stage_of_node_[stages_[i].last] = static_cast<int>(i);
    most_inputs = std::max(most_inputs, net.nodes()[stages_[i].first].inputs.size());
  }
  node_inputs_.reserve(most_inputs);
  node_input_gradients_.reserve(most_inputs);
  shares_.reserve(most_inputs);
}

float* NetExecutor::FloatsAt(const ArenaBlock& block) const {
  return reinterpret_cast<float*>(arena_.data() + block.offset);
}

std::span<std::byte> NetExecutor::BytesAt(const ArenaBlock& block) const {
  return arena_.span().subspan(block.offset, block.bytes);
}

std::span<float> NetExecutor::ParameterGradients() const {
  return {FloatsAt(memory_.parameter_gradients), memory_.parameter_gradients.bytes / sizeof(float)};
}

std::span<float> NetExecutor::statistics() const {
  return {FloatsAt(memory_.statistics), memory_.statistics.bytes / sizeof(float)};
}

ConstTensor NetExecutor::Activation(int node) const {
  if (node == Net::kInput) {
    return input_;
  }
  return {FloatsAt(memory_.stages[stage_of_node_[node]].activation), batch_, net_.shape(node)};
}

Tensor NetExecutor::Gradient(int node) const {
  return {FloatsAt(memory_.stages[stage_of_node_[node]].gradient), batch_, net_.shape(node)};
}

Tensor NetExecutor::output_gradient() {
  return Gradient(static_cast<int>(net_.nodes().size()) - 1);
}

void NetExecutor::Check(const MicrobatchContext& context) const {
  CHECK_EQ(static_cast<int64_t>(parameters_.size()), net_.parameters().value_count());
  if (context.phase == Phase::kTraining) {
    CHECK(trains_);
    CHECK_EQ(static_cast<int>(context.sample_ids.size()), batch_);
  }
}

LayerContext NetExecutor::ContextOf(const MicrobatchContext& context, size_t stage,
                                    Direction direction) const {
  const StageMemory& memory = memory_.stages[stage];
  const bool forward = direction == Direction::kForward;
  LayerContext result{
      .phase = context.phase,
      .seed = context.seed,
      .step = context.step,
      .layer = static_cast<uint16_t>(stages_[stage].first),
      .sample_ids = context.sample_ids,
      .parameters = net_.parameters().ParametersOf(parameters_),
      .parameter_gradients = ParameterGradients(),
      .buffers = net_.parameters().BuffersOf(parameters_),
      .statistics = {},
      .saved = {},
      .scratch = BytesAt(forward ? memory.forward_scratch : memory.backward_scratch),
      .prepared = BytesAt(memory.prepared)};
  if (context.phase == Phase::kTraining) {
    result.saved = BytesAt(memory.saved);
    result.statistics = statistics();
  }
  return result;
}

void NetExecutor::CollectInputs(const Net::Node& node) {
  node_inputs_.clear();
  for (const int source : node.inputs) {
    node_inputs_.push_back(Activation(source));
  }
}

void NetExecutor::SetParameters(std::span<const float> values) {
  CHECK_EQ(static_cast<int64_t>(values.size()), net_.parameters().value_count());
  parameters_ = values;
  for (size_t i = 0; i < stages_.size(); ++i) {
    stages_[i].layer->Prepare(ContextOf({}, i, Direction::kForward));
  }
}

ConstTensor NetExecutor::Forward(const MicrobatchContext& context, ConstTensor input) {
  CHECK(input.shape == net_.input());
  CHECK_GE(input.batch, 1);
  CHECK_LE(input.batch, net_.max_batch());
  input_ = input;
  batch_ = input.batch;
  Check(context);
  for (size_t i = 0; i < stages_.size(); ++i) {
    const Clock::time_point start = Clock::now();
    const Stage& stage = stages_[i];
    CollectInputs(net_.nodes()[stage.first]);
    const Tensor output{FloatsAt(memory_.stages[i].activation), batch_, stage.plan.output};
    stage.layer->Forward(ContextOf(context, i, Direction::kForward), node_inputs_, output);
    seconds_[i].forward += SecondsSince(start);
  }
  forward_kept_ = context.phase == Phase::kTraining;
  return Activation(stages_.back().last);
}

void NetExecutor::Backward(const MicrobatchContext& context, const NodeDone& node_done) {
  CHECK(context.phase == Phase::kTraining);
  CHECK(forward_kept_);
  Check(context);
  forward_kept_ = false;
  std::ranges::fill(ParameterGradients(), 0.0F);
  std::ranges::fill(has_gradient_, false);
  for (size_t i = stages_.size(); i-- > 0;) {
    const Clock::time_point start = Clock::now();
    BackwardStage(context, i);
    seconds_[i].backward += SecondsSince(start);
    for (int node = stages_[i].last; node >= stages_[i].first; --node) {
      node_done(node);
    }
  }
}

// A layer overwrites its input gradients. Where an earlier consumer has written one already, or the
// layer takes the same value twice, the layer writes into spare memory, which is then added: shares
// are added in the order of the nodes, from the last to the first.
void NetExecutor::BackwardStage(const MicrobatchContext& context, size_t number) {
  const Stage& stage = stages_[number];
  const Net::Node& node = net_.nodes()[stage.first];
  CollectInputs(node);
  node_input_gradients_.clear();
  shares_.clear();
  float* spare = FloatsAt(memory_.stages[number].spare);
  for (const int source : node.inputs) {
    if (source == Net::kInput) {
      // Nobody wants the gradient by the pixels.
      node_input_gradients_.push_back({nullptr, batch_, net_.input()});
      continue;
    }
    Tensor gradient = Gradient(source);
    if (has_gradient_[source]) {
      shares_.push_back({.total = gradient, .spare = spare});
      gradient.data = spare;
      spare += WholeLines(gradient.size());
    }
    has_gradient_[source] = true;
    node_input_gradients_.push_back(gradient);
  }
  stage.layer->Backward(ContextOf(context, number, Direction::kBackward), node_inputs_,
                        Activation(stage.last), Gradient(stage.last), node_input_gradients_);
  for (const Share& share : shares_) {
    for (int64_t i = 0; i < share.total.size(); ++i) {
      share.total.data[i] += share.spare[i];
    }
  }
}

}  // namespace lockstep
