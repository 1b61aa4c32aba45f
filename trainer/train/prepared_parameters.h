#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "comm/node_memory.h"
#include "trainer/nn/execution_plan.h"
#include "trainer/train/node_team.h"
#include "trainer/train/worker_pool.h"

namespace lockstep {

// What the stages of a net derive from its values, once for all executors of a node: the workers of
// its ranks divide the work among them.
class PreparedParameters {
 public:
  // Collective over the node, as Prepare. `plan` and `workers` must outlive this.
  PreparedParameters(const ExecutionPlan& plan, WorkerPool* workers,
                     const comm::Communicator& communicator);

  // `values`: the same on all ranks of the node. REQUIRES that none of them computes with what was
  // prepared before. Main thread only.
  void Prepare(std::span<const float> values);

  // For NetExecutor::SetParameters.
  std::span<const std::byte> bytes() const { return memory_.bytes(); }

  // Seconds spent waiting for the node's other ranks so far.
  double wait_seconds() const { return team_.wait_seconds(); }

 private:
  const ExecutionPlan& plan_;
  std::vector<int> stages_;  // that prepare something
  comm::NodeMemory memory_;
  NodeTeam team_;
};

}  // namespace lockstep
