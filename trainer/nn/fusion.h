#pragma once

#include <memory>
#include <vector>

#include "trainer/nn/net.h"

namespace lockstep {

// A part of a net that one layer computes: a node, or a chain of nodes with no other consumer in
// between, whose values then exist nowhere.
struct Stage {
  int first;           // node whose inputs are the stage's
  int last;            // node whose output is the stage's
  const Layer* layer;  // the node's, or `fused`
  LayerPlan plan;
  std::unique_ptr<Layer> fused;
};

// Cuts a net into stages, in the order of its nodes. Fuses conv2d, relu and 2x2 max_pool where
// there is an algorithm for it, and batch_norm with a relu; for evaluation, also batch_norm with
// the conv2d before it. The same stages for the same net and phase, always. `net` must outlive the
// stages.
std::vector<Stage> PlanStages(const Net& net, Phase phase);

}  // namespace lockstep
