#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/fusion.h"
#include "trainer/nn/memory_plan.h"
#include "trainer/nn/net.h"
#include "trainer/nn/runs.h"

namespace lockstep {

// How a net is run in one phase: in which stages, through which runs, and where everything lies.
// Constant, one for any number of executors, which also share what the stages prepare.
class ExecutionPlan {
 public:
  // `net` must outlive the plan. REQUIRES at least one node; for training, that every node but the
  // last is used by another.
  ExecutionPlan(const Net& net, Phase phase);

  const Net& net() const { return net_; }
  Phase phase() const { return phase_; }
  const std::vector<Stage>& stages() const { return stages_; }
  const std::vector<StageRun>& runs() const { return runs_; }
  // Of each executor.
  const MemoryPlan& memory() const { return memory_; }

  // Bytes of what the stages derive from the net's values before they compute with them.
  int64_t prepared_bytes() const { return prepared_.back(); }
  // Does that for one stage. `values`: of all parameters and buffers; `prepared`: of all stages,
  // prepared_bytes(), 64-byte aligned. Any number of threads may prepare a stage each.
  void Prepare(int stage, std::span<const float> values, std::span<std::byte> prepared) const;
  // Of what all stages have prepared, this one's.
  template <typename Byte>
  std::span<Byte> PreparedOf(int stage, std::span<Byte> prepared) const {
    return prepared.subspan(prepared_[stage], stages_[stage].plan.prepared_bytes);
  }

 private:
  const Net& net_;
  Phase phase_;
  std::vector<Stage> stages_;
  std::vector<StageRun> runs_;
  MemoryPlan memory_;
  std::vector<int64_t> prepared_{0};  // where each stage's begins; last, where all end
};

}  // namespace lockstep
