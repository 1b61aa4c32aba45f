#pragma once

#include <filesystem>
#include <string>

#include "comm/communicator.h"
#include "storage/run_directory.h"
#include "trainer/config/job.pb.h"
#include "trainer/nn/parameters.h"
#include "trainer/train/training_state.h"

namespace lockstep {

// Where a run begins.
struct ResumeChoice {
  enum class Kind {
    kAuto,   // from the run directory's newest whole checkpoint; anew if it has none
    kNever,  // anew; refused when the run directory has checkpoints
    kFrom,   // from the checkpoint at `path`
  };
  Kind kind = Kind::kAuto;
  std::filesystem::path path{};
  // A checkpoint whose parameters a new run begins with; empty: they are drawn.
  std::filesystem::path initial_weights{};
};

// What a run resumes with, which must fit the checkpoint.
struct ResumeContext {
  const v1::Job& job;                      // effective, its data resolved
  const std::string& data_sha256;          // of the training samples
  const storage::RunDirectory* directory;  // on rank 0, nullptr elsewhere
  const ParameterLayout& layout;
};

// Collective. Fills `state`, which holds a new run's beginning, with what `choice` says. Rank 0
// reads and tells the other nodes. Returns whether the run's own directory holds a checkpoint of
// that state. Throws FailedTogether when a checkpoint is missing, damaged, of another model or
// optimiser, of other data, or of a job whose steps take other samples.
bool StartFrom(const ResumeChoice& choice, const ResumeContext& context,
               comm::Communicator* communicator, TrainingState* state);

}  // namespace lockstep
