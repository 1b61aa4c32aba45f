#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "comm/communicator.h"
#include "comm/reducer.h"
#include "trainer/config/job.pb.h"
#include "trainer/data/prefetcher.h"
#include "trainer/nn/net.h"
#include "trainer/train/gradient_step.h"
#include "trainer/train/job_data.h"
#include "trainer/train/rank_threads.h"
#include "trainer/train/training_loop.h"
#include "trainer/train/training_state.h"
#include "trainer/train/weight_update.h"

namespace lockstep {

// What the loop does, from an effective job and the number of samples to train on.
TrainingOptions ToTrainingOptions(const v1::Job& job, int64_t training_samples);

// What its author should know about a schedule that does not fit the run; empty if it does.
std::string RemarkOnSchedule(const TrainingOptions& options);

// The beginning of a new run: parameters drawn, optimiser empty, no step done. Collective, unless
// `communicator` is nullptr: then the state is this process' alone.
TrainingState NewState(const v1::Job& job, const Net& net, const comm::Communicator* communicator);

// The parts that compute a rank's steps: microbatches are prefetched, computed on by the workers,
// their gradients summed over all ranks, and the weights moved.
class TrainingPipeline {
 public:
  // For the steps from `first_step` on. All arguments must outlive the pipeline.
  TrainingPipeline(const v1::Job& job, const JobData& data, const Net& net, RankThreads* threads,
                   comm::Communicator* communicator, const TrainingOptions& options,
                   int64_t first_step);

  const Prefetcher& prefetcher() const { return prefetcher_; }
  GradientStep& gradient_step() { return gradient_step_; }
  WeightUpdate& weight_update() { return weight_update_; }

 private:
  Prefetcher prefetcher_;
  std::unique_ptr<comm::Reducer> reducer_;
  GradientStep gradient_step_;
  WeightUpdate weight_update_;
};

}  // namespace lockstep
