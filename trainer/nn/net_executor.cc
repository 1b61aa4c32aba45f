#include "trainer/nn/net_executor.h"

#include <algorithm>
#include <chrono>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kFloatsPerLine = 16;
constexpr int64_t kBytesPerLine = 64;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Rounds up so that what follows begins on a cache line.
int64_t RoundUp(int64_t size, int64_t unit) { return (size + unit - 1) / unit * unit; }

}  // namespace

NetExecutor::NetExecutor(const Net& net, Phase phase)
    : net_(net),
      stages_(PlanStages(net)),
      value_offsets_(net.nodes().size(), -1),
      has_gradient_(net.nodes().size()),
      seconds_(stages_.size()) {
  CHECK(!net.nodes().empty());
  int64_t values = 0;
  int64_t saved = 0;
  int64_t scratch = 0;
  int64_t spare = 0;
  size_t most_inputs = 0;
  for (const Stage& stage : stages_) {
    value_offsets_[stage.last] = values;
    saved_offsets_.push_back(saved);
    values += RoundUp(stage.plan.output.size() * net.max_batch(), kFloatsPerLine);
    saved += RoundUp(stage.plan.saved_bytes, kBytesPerLine);
    scratch = std::max(scratch, stage.plan.scratch_bytes);
    const std::vector<int>& inputs = net.nodes()[stage.first].inputs;
    int64_t stage_spare = 0;
    for (const int input : inputs) {
      stage_spare += RoundUp(net.shape(input).size() * net.max_batch(), kFloatsPerLine);
    }
    spare = std::max(spare, stage_spare);
    most_inputs = std::max(most_inputs, inputs.size());
  }
  node_inputs_.reserve(most_inputs);
  activations_ = AlignedBuffer<float>(values);
  scratch_ = AlignedBuffer<std::byte>(scratch);
  if (phase == Phase::kTraining) {
    CHECK(net.EveryNodeIsUsed());
    node_input_gradients_.reserve(most_inputs);
    shares_.reserve(most_inputs);
    gradients_ = AlignedBuffer<float>(values);
    spare_gradient_ = AlignedBuffer<float>(spare);
    parameter_gradients_ = AlignedBuffer<float>(net.parameters().size());
    saved_ = AlignedBuffer<std::byte>(saved);
  }
}

int64_t NetExecutor::bytes() const {
  const size_t floats = activations_.size() + gradients_.size() + spare_gradient_.size() +
                        parameter_gradients_.size();
  return static_cast<int64_t>(floats * sizeof(float) + saved_.size() + scratch_.size());
}

ConstTensor NetExecutor::Activation(int node) const {
  if (node == Net::kInput) {
    return input_;
  }
  return {activations_.data() + value_offsets_[node], batch_, net_.shape(node)};
}

Tensor NetExecutor::Gradient(int node) const {
  return {gradients_.data() + value_offsets_[node], batch_, net_.shape(node)};
}

Tensor NetExecutor::output_gradient() {
  return Gradient(static_cast<int>(net_.nodes().size()) - 1);
}

void NetExecutor::Check(const MicrobatchContext& context) const {
  CHECK_EQ(static_cast<int64_t>(context.parameters.size()), net_.parameters().size());
  if (context.phase == Phase::kTraining) {
    CHECK(gradients_.size() > 0);  // made for training
    CHECK_EQ(static_cast<int>(context.sample_ids.size()), batch_);
  }
}

LayerContext NetExecutor::ContextOf(const MicrobatchContext& context, size_t stage) const {
  const LayerPlan& plan = stages_[stage].plan;
  LayerContext result{.phase = context.phase,
                      .seed = context.seed,
                      .step = context.step,
                      .layer = static_cast<uint16_t>(stages_[stage].first),
                      .sample_ids = context.sample_ids,
                      .parameters = context.parameters,
                      .parameter_gradients = parameter_gradients_.span(),
                      .saved = {},
                      .scratch = scratch_.span().first(plan.scratch_bytes)};
  if (context.phase == Phase::kTraining) {
    result.saved = saved_.span().subspan(saved_offsets_[stage], plan.saved_bytes);
  }
  return result;
}

void NetExecutor::CollectInputs(const Net::Node& node) {
  node_inputs_.clear();
  for (const int source : node.inputs) {
    node_inputs_.push_back(Activation(source));
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
    const Tensor output{activations_.data() + value_offsets_[stage.last], batch_,
                        stage.plan.output};
    stage.layer->Forward(ContextOf(context, i), node_inputs_, output);
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
  std::ranges::fill(parameter_gradients_.span(), 0.0F);
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
  float* spare = spare_gradient_.data();
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
      spare += RoundUp(gradient.size(), kFloatsPerLine);
    }
    has_gradient_[source] = true;
    node_input_gradients_.push_back(gradient);
  }
  stage.layer->Backward(ContextOf(context, number), node_inputs_, Activation(stage.last),
                        Gradient(stage.last), node_input_gradients_);
  for (const Share& share : shares_) {
    for (int64_t i = 0; i < share.total.size(); ++i) {
      share.total.data[i] += share.spare[i];
    }
  }
}

}  // namespace lockstep
