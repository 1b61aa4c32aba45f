#pragma once

#include <filesystem>

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

// Collective. Fills `state`, which holds a new run's beginning, with what `choice` says. Rank 0
// reads and tells the others; `directory` is nullptr elsewhere. `job` is effective, its data
// resolved. Throws FailedTogether when a checkpoint is missing, damaged, of another model or
// optimiser, or of a job whose steps take other samples.
void StartFrom(const ResumeChoice& choice, const v1::Job& job,
               const storage::RunDirectory* directory, const ParameterLayout& layout,
               comm::Communicator* communicator, TrainingState* state);

}  // namespace lockstep
