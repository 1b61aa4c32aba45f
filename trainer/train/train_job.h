#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "comm/attempt.h"
#include "comm/communicator.h"
#include "trainer/config/job_file.h"
#include "trainer/train/evaluator.h"
#include "trainer/train/resume.h"
#include "trainer/train/stop_signal.h"
#include "trainer/train/training_loop.h"

namespace lockstep {

struct TrainRequest {
  LoadedJob job;
  std::filesystem::path data_directory;  // empty: search
  ResumeChoice resume;
  int threads = 0;            // worker threads a rank; 0: as many as there are CPUs for
  comm::Attempt attempt{};    // rank 0's counts
  int64_t give_up_after = 0;  // attempts in vain (see StatusKeeper::CheckProgress); 0: never
};

// Where the hold-out accuracy was best.
struct BestResult {
  int64_t step = 0;
  double accuracy = 0;
  std::filesystem::path checkpoint{};  // empty: not kept
};

struct TrainResult {
  Outcome outcome = Outcome::kFinished;
  int64_t step = 0;
  int64_t total_steps = 0;
  double images_per_second = 0;  // of training steps alone; 0 if there were none
  std::filesystem::path checkpoint{};
  std::filesystem::path metrics{};
  std::string weights_sha256{};
  std::optional<BestResult> best{};  // none before the first evaluation
  std::optional<Evaluation> test{};  // of the final weights, if the job asks for it
};

// Collective. The main job: trains as the request says until the end or until a signal stops it.
// Complete on rank 0; on others the result has no files and no digest.
TrainResult TrainJob(const TrainRequest& request, const StopSignal& stop_signal,
                     comm::Communicator* communicator);

}  // namespace lockstep
