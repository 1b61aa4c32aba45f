#pragma once

#include <memory>

#include "comm/communicator.h"
#include "trainer/train/cpu_set.h"
#include "trainer/train/worker_pool.h"

namespace lockstep {

// Plans and starts a rank's worker threads within the CPUs that MPI or Slurm gave it, and warns on
// the log when they are more than fit. `threads` 0: as many as fit.
class RankThreads {
 public:
  // Collective. Throws FailedTogether when a rank cannot start its threads.
  RankThreads(int threads, comm::Communicator* communicator);

  WorkerPool& workers() { return *workers_; }

  // Whether microbatches are best loaded by a thread of their own: not beside a single worker
  // without a CPU to spare.
  bool LoadsAhead() const;
  // Lets the calling thread, which loads microbatches, run on any of the rank's CPUs. A new thread
  // is bound as the one that starts it, and would share the first worker's CPU.
  void PlaceLoader() const;

 private:
  ThreadPlan plan_;
  std::unique_ptr<WorkerPool> workers_;
};

}  // namespace lockstep
