#include "trainer/nn/fusion.h"

#include <algorithm>
#include <utility>

#include "trainer/nn/layers/conv2d.h"
#include "trainer/nn/layers/conv_block.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/relu.h"

namespace lockstep {
namespace {

template <typename Kind>
const Kind* LayerAs(const Net& net, int node) {
  return dynamic_cast<const Kind*>(net.nodes()[node].layer.get());
}

// How many times nodes take each node's output as an input.
std::vector<int> CountConsumers(const Net& net) {
  std::vector<int> counts(net.nodes().size());
  for (const Net::Node& node : net.nodes()) {
    for (const int input : node.inputs) {
      if (input != Net::kInput) {
        ++counts[input];
      }
    }
  }
  return counts;
}

// The node after `node` takes its output, all of its output, and nobody else does.
bool Continues(const Net& net, const std::vector<int>& consumers, int node) {
  const bool has_next = node + 1 < static_cast<int>(net.nodes().size());
  return has_next && consumers[node] == 1 && net.nodes()[node + 1].inputs == std::vector{node};
}

Stage Single(const Net& net, int node) {
  return {.first = node,
          .last = node,
          .layer = net.nodes()[node].layer.get(),
          .plan = net.nodes()[node].plan,
          .fused = nullptr};
}

Stage Fused(const Net& net, int first, int last, std::unique_ptr<FusedConvolution> convolution) {
  const auto* const conv = LayerAs<Conv2d>(net, first);
  auto block = std::make_unique<ConvBlock>(std::move(convolution), conv->weight(), conv->bias());
  ParameterLayout no_parameters;
  const Shape input = net.shape(net.nodes()[first].inputs[0]);
  const LayerPlan plan = block->Build({.name = net.nodes()[first].name,
                                       .inputs = {&input, 1},
                                       .max_batch = net.max_batch(),
                                       .parameters = no_parameters});
  const Layer* const layer = block.get();
  return {.first = first, .last = last, .layer = layer, .plan = plan, .fused = std::move(block)};
}

Stage StageAt(const Net& net, const std::vector<int>& consumers, int node) {
  const auto* const conv = LayerAs<Conv2d>(net, node);
  if (conv == nullptr || !conv->has_bias() || !Continues(net, consumers, node) ||
      LayerAs<Relu>(net, node + 1) == nullptr) {
    return Single(net, node);
  }
  const auto* const pool =
      Continues(net, consumers, node + 1) ? LayerAs<MaxPool>(net, node + 2) : nullptr;
  if (pool != nullptr && pool->Halves()) {
    auto block = MakeFusedConvolution(conv->geometry(), Pooling::kMax2x2, net.max_batch(),
                                      net.convolutions());
    if (block != nullptr) {
      return Fused(net, node, node + 2, std::move(block));
    }
  }
  auto block =
      MakeFusedConvolution(conv->geometry(), Pooling::kNone, net.max_batch(), net.convolutions());
  return block != nullptr ? Fused(net, node, node + 1, std::move(block)) : Single(net, node);
}

}  // namespace

std::vector<Stage> PlanStages(const Net& net) {
  const std::vector<int> consumers = CountConsumers(net);
  std::vector<Stage> stages;
  for (int node = 0; node < static_cast<int>(net.nodes().size()); node = stages.back().last + 1) {
    stages.push_back(StageAt(net, consumers, node));
  }
  return stages;
}

}  // namespace lockstep
