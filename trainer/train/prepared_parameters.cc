#include "trainer/train/prepared_parameters.h"

namespace lockstep {
namespace {

std::vector<int> StagesThatPrepare(const ExecutionPlan& plan) {
  std::vector<int> stages;
  for (size_t i = 0; i < plan.stages().size(); ++i) {
    if (plan.stages()[i].plan.prepared_bytes > 0) {
      stages.push_back(static_cast<int>(i));
    }
  }
  return stages;
}

}  // namespace

PreparedParameters::PreparedParameters(const ExecutionPlan& plan, WorkerPool* workers,
                                       const comm::Communicator& communicator)
    : plan_(plan),
      stages_(StagesThatPrepare(plan)),
      memory_(communicator, static_cast<size_t>(plan.prepared_bytes())),
      team_(workers, communicator, std::ssize(stages_)) {}

void PreparedParameters::Prepare(std::span<const float> values) {
  if (!stages_.empty()) {
    team_.DoAll([&](int64_t i) { plan_.Prepare(stages_[i], values, memory_.bytes()); });
  }
}

}  // namespace lockstep
