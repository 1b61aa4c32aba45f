#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "storage/checkpoint.h"
#include "trainer/nn/parameters.h"
#include "trainer/optim/optimizer.h"
#include "trainer/train/shared_array.h"

namespace lockstep {

// How far a run has come. Nothing in it depends on ranks, threads or earlier interruptions.
struct RunPosition {
  int64_t step = 0;  // updates done
  int64_t samples_seen = 0;
  int64_t evaluated_step = 0;  // the last step after which the hold-out was evaluated
  int64_t best_step = 0;       // where the hold-out accuracy was best so far; 0: none yet
  int64_t best_correct = 0;    // hold-out samples right there

  bool operator==(const RunPosition&) const = default;
};

// Everything that changes while training: a checkpoint holds it, and nothing else is needed to go
// on. The ranks of a node share its arrays.
struct TrainingState {
  RunPosition position;
  std::unique_ptr<Optimizer> optimizer;
  std::span<float> values;              // all parameters and buffers, as the layout says
  std::vector<std::span<float>> slots;  // the optimiser's, laid out as the parameters
  std::span<float> average;             // of `values`; empty if the job does not ask for one
  double average_decay = 0;
  SharedArray<float> memory;  // where the arrays lie

  // What evaluations measure.
  std::span<const float> evaluated_values() const { return average.empty() ? values : average; }
};

// A state whose arrays are all 0, with an average if that has a decay. Collective, unless
// `communicator` is nullptr: then the arrays are this process' alone.
TrainingState MakeState(const ParameterLayout& layout, std::unique_ptr<Optimizer> optimizer,
                        std::optional<double> average_decay,
                        const comm::Communicator* communicator);

// What a checkpoint says about the run it comes from.
struct RunIdentity {
  uint64_t seed = 0;
  int64_t steps_per_epoch = 1;
  std::string job;                           // effective, as text
  std::string data_sha256;                   // of the training samples
  std::map<std::string, std::string> build;  // what the bits depend on besides the job
};

// The build of this program and what OpenBLAS picked.
std::map<std::string, std::string> DescribeBuild();

storage::Checkpoint MakeCheckpoint(const TrainingState& state, const ParameterLayout& layout,
                                   const RunIdentity& identity);

// Copies a checkpoint's parameters and buffers into `values`. Throws storage::Error that names the
// first difference when the checkpoint is of another model; `file` is for the message.
void RestoreValues(const storage::Checkpoint& checkpoint, const ParameterLayout& layout,
                   const std::string& file, std::span<float> values);

// Copies all of a checkpoint into `state`. Throws as RestoreValues does, and when the optimiser is
// another, or only one of the two keeps an average.
void RestoreState(const storage::Checkpoint& checkpoint, const ParameterLayout& layout,
                  const std::string& file, TrainingState* state);

}  // namespace lockstep
