#pragma once

#include "comm/communicator.h"
#include "trainer/train/cpu_set.h"
#include "trainer/train/worker_pool.h"

namespace lockstep {

// Plans and starts a rank's worker threads within the CPUs that MPI or Slurm gave it, and says on
// the log how many there are. `threads` 0: as many as fit.
class RankThreads {
 public:
  RankThreads(int threads, const comm::Communicator& communicator);

  WorkerPool& workers() { return workers_; }

 private:
  ThreadPlan plan_;
  WorkerPool workers_;
};

}  // namespace lockstep
