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

NetExecutor::NetExecutor(const ExecutionPlan& plan)
    : plan_(plan),
      net_(plan.net()),
      stages_(plan.stages()),
      memory_(plan.memory()),
      trains_(plan.phase() == Phase::kTraining),
      arena_(memory_.bytes),
      stage_of_node_(net_.nodes().size(), -1),
      shares_gradient_(stages_.size()),
      seconds_(stages_.size()) {
  size_t most_inputs = 0;
  std::vector<char> has_gradient(net_.nodes().size());
  for (size_t i = stages_.size(); i-- > 0;) {
    stage_of_node_[stages_[i].last] = static_cast<int>(i);
    const std::vector<int>& inputs = net_.nodes()[stages_[i].first].inputs;
    most_inputs = std::max(most_inputs, inputs.size());
    for (const int source : inputs) {
      shares_gradient_[i].push_back(source == Net::kInput ? 0 : has_gradient[source]);
      if (source != Net::kInput) {
        has_gradient[source] = 1;
      }
    }
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

template <typename Visit>
void NetExecutor::ForEachSlice(const StageRun& run, const Visit& visit) const {
  for (int begin = 0; begin < batch_; begin += run.slice) {
    visit(Slice{.begin = begin, .size = std::min(run.slice, batch_ - begin)});
  }
}

Tensor NetExecutor::ActivationOfStage(int stage, Slice slice) const {
  const StageMemory& memory = memory_.stages[stage];
  const Shape& shape = stages_[stage].plan.output;
  const int64_t begin = memory.inside && !trains_ ? 0 : slice.begin;
  return {FloatsAt(memory.activation) + begin * shape.size(), slice.size, shape};
}

ConstTensor NetExecutor::Activation(int node, Slice slice) const {
  if (node == Net::kInput) {
    return {input_.sample(slice.begin), slice.size, input_.shape};
  }
  return ActivationOfStage(stage_of_node_[node], slice);
}

Tensor NetExecutor::Gradient(int node, Slice slice) const {
  const StageMemory& memory = memory_.stages[stage_of_node_[node]];
  const Shape& shape = net_.shape(node);
  const int64_t begin = memory.inside ? 0 : slice.begin;
  return {FloatsAt(memory.gradient) + begin * shape.size(), slice.size, shape};
}

Tensor NetExecutor::output_gradient() {
  return Gradient(static_cast<int>(net_.nodes().size()) - 1, Whole());
}

void NetExecutor::Check(const MicrobatchContext& context) const {
  CHECK_EQ(static_cast<int64_t>(parameters_.size()), net_.parameters().value_count());
  if (context.phase == Phase::kTraining) {
    CHECK(trains_);
    CHECK_EQ(static_cast<int>(context.sample_ids.size()), batch_);
  }
}

LayerContext NetExecutor::ContextOf(const MicrobatchContext& context, int stage, Slice slice,
                                    Direction direction) const {
  const StageMemory& memory = memory_.stages[stage];
  const bool forward = direction == Direction::kForward;
  LayerContext result{
      .phase = context.phase,
      .seed = context.seed,
      .step = context.step,
      .layer = static_cast<uint16_t>(stages_[stage].first),
      .sample_ids = context.sample_ids.empty()
                        ? context.sample_ids
                        : context.sample_ids.subspan(slice.begin, slice.size),
      .values = {.parameters = net_.parameters().ParametersOf(parameters_),
                 .buffers =
                     forward ? net_.parameters().BuffersOf(parameters_) : std::span<const float>()},
      .parameter_gradients = ParameterGradients(),
      .statistics = {},
      .saved = {},
      .scratch = BytesAt(forward ? memory.forward_scratch : memory.backward_scratch),
      .prepared = plan_.PreparedOf(stage, prepared_)};
  if (context.phase == Phase::kTraining) {
    result.saved =
        BytesAt(memory.saved).subspan(memory.saved.bytes / net_.max_batch() * slice.begin);
    result.statistics = statistics();
  }
  return result;
}

void NetExecutor::CollectInputs(int stage, Slice slice) {
  node_inputs_.clear();
  for (const int source : net_.nodes()[stages_[stage].first].inputs) {
    node_inputs_.push_back(Activation(source, slice));
  }
}

void NetExecutor::SetParameters(std::span<const float> values,
                                std::span<const std::byte> prepared) {
  CHECK_EQ(static_cast<int64_t>(values.size()), net_.parameters().value_count());
  CHECK_EQ(static_cast<int64_t>(prepared.size()), plan_.prepared_bytes());
  parameters_ = values;
  prepared_ = prepared;
}

ConstTensor NetExecutor::Forward(const MicrobatchContext& context, ConstTensor input) {
  CHECK(input.shape == net_.input());
  CHECK_GE(input.batch, 1);
  CHECK_LE(input.batch, net_.max_batch());
  input_ = input;
  batch_ = input.batch;
  Check(context);
  for (const StageRun& run : plan_.runs()) {
    ForEachSlice(run, [&](Slice slice) {
      for (int stage = run.first; stage <= run.last; ++stage) {
        ForwardStage(context, stage, slice);
      }
    });
  }
  forward_kept_ = context.phase == Phase::kTraining;
  return Activation(stages_.back().last, Whole());
}

void NetExecutor::ForwardStage(const MicrobatchContext& context, int stage, Slice slice) {
  const Clock::time_point start = Clock::now();
  CollectInputs(stage, slice);
  stages_[stage].layer->Forward(ContextOf(context, stage, slice, Direction::kForward), node_inputs_,
                                ActivationOfStage(stage, slice));
  seconds_[stage].forward += SecondsSince(start);
}

void NetExecutor::Backward(const MicrobatchContext& context, const NodeDone& node_done,
                           const Pause& pause) {
  CHECK(context.phase == Phase::kTraining);
  CHECK(forward_kept_);
  Check(context);
  forward_kept_ = false;
  std::ranges::fill(ParameterGradients(), 0.0F);
  for (size_t i = plan_.runs().size(); i-- > 0;) {
    const StageRun& run = plan_.runs()[i];
    ForEachSlice(run, [&](Slice slice) {
      const bool last = slice.begin + slice.size == batch_;
      for (int stage = run.last; stage >= run.first; --stage) {
        BackwardStage(context, stage, slice);
        for (int node = stages_[stage].last; last && node >= stages_[stage].first; --node) {
          node_done(node);
        }
        pause();
      }
    });
  }
}

// A layer overwrites its input gradients. Where an earlier consumer has written one already, or the
// layer takes the same value twice, the layer writes into spare memory, which is then added: shares
// are added in the order of the nodes, from the last to the first.
void NetExecutor::BackwardStage(const MicrobatchContext& context, int number, Slice slice) {
  const Clock::time_point start = Clock::now();
  const Stage& stage = stages_[number];
  const std::vector<int>& sources = net_.nodes()[stage.first].inputs;
  CollectInputs(number, slice);
  node_input_gradients_.clear();
  shares_.clear();
  float* spare = FloatsAt(memory_.stages[number].spare);
  for (size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] == Net::kInput) {
      // Nobody wants the gradient by the pixels.
      node_input_gradients_.push_back({nullptr, slice.size, net_.input()});
      continue;
    }
    Tensor gradient = Gradient(sources[i], slice);
    if (shares_gradient_[number][i] != 0) {
      shares_.push_back({.total = gradient, .spare = spare});
      gradient.data = spare;
      spare += WholeLines(gradient.size());
    }
    node_input_gradients_.push_back(gradient);
  }
  stage.layer->Backward(ContextOf(context, number, slice, Direction::kBackward), node_inputs_,
                        ActivationOfStage(number, slice), Gradient(stage.last, slice),
                        node_input_gradients_);
  for (const Share& share : shares_) {
    for (int64_t i = 0; i < share.total.size(); ++i) {
      share.total.data[i] += share.spare[i];
    }
  }
  seconds_[number].backward += SecondsSince(start);
}

}  // namespace lockstep
