#pragma once

#include <chrono>
#include <vector>

#include "comm/communicator.h"
#include "trainer/data/prefetcher.h"
#include "trainer/train/gradient_step.h"
#include "trainer/train/run_recorder.h"
#include "trainer/train/weight_update.h"

namespace lockstep {

// Tells where each rank's time went, so that the slow rank can be told from those that wait for it.
class RankTimes {
 public:
  // All must outlive this.
  RankTimes(const Prefetcher& prefetcher, const GradientStep& gradient_step,
            const WeightUpdate& update);

  // Collective. One row a rank, of the time since the last call (or construction).
  std::vector<RankRow> Collect(comm::Communicator* communicator);

 private:
  struct Totals {
    std::chrono::steady_clock::time_point time;
    double data_wait;
    double reduce_wait;
  };
  Totals Now() const;

  const Prefetcher& prefetcher_;
  const GradientStep& gradient_step_;
  const WeightUpdate& update_;
  Totals last_;
};

}  // namespace lockstep
