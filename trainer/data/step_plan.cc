#include "trainer/data/step_plan.h"

#include <algorithm>

#include "trainer/base/check.h"
#include "trainer/base/divide.h"

namespace lockstep {

StepPlan::StepPlan(int64_t samples, int64_t global_batch, int64_t microbatch)
    : samples_(samples), global_batch_(global_batch), microbatch_(microbatch) {
  CHECK_GE(samples, 1);
  CHECK_GE(global_batch, 1);
  CHECK_GE(microbatch, 1);
}

int64_t StepPlan::steps_per_epoch() const { return DivideUp(samples_, global_batch_); }

StepPositions StepPlan::Step(int64_t step) const {
  CHECK_GE(step, 0);
  const int64_t begin = step % steps_per_epoch() * global_batch_;
  return {.epoch = static_cast<uint32_t>(step / steps_per_epoch()),
          .positions = {begin, std::min(begin + global_batch_, samples_)}};
}

int64_t StepPlan::MicrobatchCount(int64_t step) const {
  return DivideUp(Step(step).positions.size(), microbatch_);
}

IndexRange StepPlan::Microbatch(int64_t step, int64_t index) const {
  const IndexRange positions = Step(step).positions;
  const int64_t begin = positions.begin + index * microbatch_;
  CHECK_GE(index, 0);
  CHECK_LT(begin, positions.end);
  return {begin, std::min(begin + microbatch_, positions.end)};
}

IndexRange DealMicrobatches(int64_t count, int rank, int world) {
  CHECK_GE(rank, 0);
  CHECK_LT(rank, world);
  return {count * rank / world, count * (rank + 1) / world};
}

}  // namespace lockstep
