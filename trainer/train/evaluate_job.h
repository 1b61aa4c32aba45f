#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "trainer/config/job_file.h"
#include "trainer/train/evaluator.h"

namespace lockstep {

struct EvaluateRequest {
  std::vector<std::filesystem::path> checkpoints;  // at least one; several are a committee
  std::optional<LoadedJob> job;                    // whose data to use; by default the first
                                                   // checkpoint's own
  std::string data_directory;                      // empty: search
  std::filesystem::path predictions;               // file to write them to; empty: nowhere
  bool raw_weights = false;  // as training left them, where a checkpoint has their average, too
  int threads = 0;
};

// Collective. Evaluates checkpoints on a test set, whose images are normalised as those that the
// checkpoints were trained on. Throws FailedTogether when a checkpoint or the data cannot be read,
// or they do not fit each other, or the predictions cannot be written.
Evaluation EvaluateJob(const EvaluateRequest& request, comm::Communicator* communicator);

}  // namespace lockstep
