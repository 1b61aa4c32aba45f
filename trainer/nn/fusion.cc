#include "trainer/nn/fusion.h"

#include <algorithm>
#include <utility>

#include "trainer/nn/layers/batch_norm.h"
#include "trainer/nn/layers/batch_norm_relu.h"
#include "trainer/nn/layers/conv2d.h"
#include "trainer/nn/layers/conv_block.h"
#include "trainer/nn/layers/max_pool.h"
#include "trainer/nn/layers/normalized_convolution.h"
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

// The nodes from `first` to `last` as one layer, which is built here.
Stage Fused(const Net& net, int first, int last, std::unique_ptr<Layer> fused) {
  ParameterLayout no_parameters;
  const Shape input = net.shape(net.nodes()[first].inputs[0]);
  const LayerPlan plan = fused->Build({.name = net.nodes()[first].name,
                                       .inputs = {&input, 1},
                                       .max_batch = net.max_batch(),
                                       .parameters = no_parameters,
                                       .convolutions = net.convolutions()});
  const Layer* const layer = fused.get();
  return {.first = first, .last = last, .layer = layer, .plan = plan, .fused = std::move(fused)};
}

// A convolution with the relu, and perhaps the max_pool, that begin behind node `end`, as one; and
// the last node of that. nullptr where it cannot be had.
struct Chain {
  std::unique_ptr<FusedConvolution> convolution;
  int last;
};

Chain FuseTail(const Net& net, const std::vector<int>& consumers, const Conv2d& conv, int end) {
  if (!Continues(net, consumers, end) || LayerAs<Relu>(net, end + 1) == nullptr) {
    return {nullptr, end};
  }
  const auto make = [&](Pooling pooling) {
    return MakeFusedConvolution(conv.geometry(), pooling, net.max_batch(), net.convolutions());
  };
  const auto* const pool =
      Continues(net, consumers, end + 1) ? LayerAs<MaxPool>(net, end + 2) : nullptr;
  if (pool != nullptr && pool->Halves()) {
    if (auto convolution = make(Pooling::kMax2x2); convolution != nullptr) {
      return {std::move(convolution), end + 2};
    }
  }
  auto convolution = make(Pooling::kNone);
  const int last = convolution != nullptr ? end + 1 : end;
  return {std::move(convolution), last};
}

Stage StageOfConvolution(const Net& net, const std::vector<int>& consumers, Phase phase, int node) {
  const Conv2d& conv = *LayerAs<Conv2d>(net, node);
  const auto* const norm =
      Continues(net, consumers, node) ? LayerAs<BatchNorm>(net, node + 1) : nullptr;
  if (norm != nullptr && phase == Phase::kEvaluation) {
    Chain chain = FuseTail(net, consumers, conv, node + 1);
    return Fused(
        net, node, chain.last,
        std::make_unique<NormalizedConvolution>(conv, *norm, std::move(chain.convolution)));
  }
  if (!conv.has_bias()) {
    return Single(net, node);
  }
  Chain chain = FuseTail(net, consumers, conv, node);
  if (chain.convolution == nullptr) {
    return Single(net, node);
  }
  return Fused(
      net, node, chain.last,
      std::make_unique<ConvBlock>(std::move(chain.convolution), conv.weight(), conv.bias()));
}

Stage StageAt(const Net& net, const std::vector<int>& consumers, Phase phase, int node) {
  if (LayerAs<Conv2d>(net, node) != nullptr) {
    return StageOfConvolution(net, consumers, phase, node);
  }
  const auto* const norm = LayerAs<BatchNorm>(net, node);
  if (norm != nullptr && Continues(net, consumers, node) &&
      LayerAs<Relu>(net, node + 1) != nullptr) {
    return Fused(net, node, node + 1, std::make_unique<BatchNormRelu>(*norm));
  }
  return Single(net, node);
}

}  // namespace

std::vector<Stage> PlanStages(const Net& net, Phase phase) {
  const std::vector<int> consumers = CountConsumers(net);
  std::vector<Stage> stages;
  for (int node = 0; node < static_cast<int>(net.nodes().size()); node = stages.back().last + 1) {
    stages.push_back(StageAt(net, consumers, phase, node));
  }
  return stages;
}

}  // namespace lockstep
