#include "trainer/nn/execution_plan.h"

#include "trainer/base/check.h"
#include "trainer/base/divide.h"
#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {

ExecutionPlan::ExecutionPlan(const Net& net, Phase phase)
    : net_(net),
      phase_(phase),
      stages_(PlanStages(net, phase)),
      runs_(PlanRuns(net, stages_)),
      memory_(PlanMemory(net, stages_, runs_, phase)) {
  CHECK(!net.nodes().empty());
  CHECK(phase != Phase::kTraining || net.EveryNodeIsUsed());
  for (const Stage& stage : stages_) {
    prepared_.push_back(prepared_.back() + RoundUp(stage.plan.prepared_bytes, kLineBytes));
  }
}

void ExecutionPlan::Prepare(int stage, std::span<const float> values,
                            std::span<std::byte> prepared) const {
  const ParameterLayout& layout = net_.parameters();
  CHECK_EQ(static_cast<int64_t>(values.size()), layout.value_count());
  CHECK_EQ(static_cast<int64_t>(prepared.size()), prepared_bytes());
  stages_[stage].layer->Prepare(
      {.parameters = layout.ParametersOf(values), .buffers = layout.BuffersOf(values)},
      PreparedOf(stage, prepared));
}

}  // namespace lockstep
