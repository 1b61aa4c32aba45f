#pragma once

#include <cstddef>
#include <span>

#include "trainer/nn/net_executor.h"

namespace lockstep {

struct LonePlan {
  LonePlan(const Net& net, Phase phase)
      : own_plan(net, phase), prepared(own_plan.prepared_bytes()) {}

  ExecutionPlan own_plan;
  AlignedBuffer<std::byte> prepared;
};

// An executor that shares nothing with others.
class LoneExecutor : private LonePlan, public NetExecutor {
 public:
  LoneExecutor(const Net& net, Phase phase) : LonePlan(net, phase), NetExecutor(own_plan) {}

  void SetParameters(std::span<const float> values) {
    for (size_t stage = 0; stage < own_plan.stages().size(); ++stage) {
      own_plan.Prepare(static_cast<int>(stage), values, prepared.span());
    }
    NetExecutor::SetParameters(values, prepared.span());
  }
};

}  // namespace lockstep
