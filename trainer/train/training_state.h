#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/checkpoint.h"
#include "trainer/nn/parameters.h"
#include "trainer/optim/optimizer.h"
#include "trainer/optim/weight_average.h"

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
// on.
struct TrainingState {
  RunPosition position;
  std::vector<float> values;             // all parameters and buffers, as the layout says
  std::unique_ptr<Optimizer> optimizer;  // its slots have the layout of the parameters
  std::optional<WeightAverage> average;  // of `values`, if the job asks for one

  // What evaluations measure.
  std::span<const float> evaluated_values() const { return average ? average->values() : values; }
};

// One update: the optimiser moves the parameters along `gradient`, the means of the step's
// statistics, which follow in it, move the buffers, and the average follows both. `position` has
// been advanced to this step.
void ApplyStep(const ParameterLayout& layout, double learning_rate, std::span<const float> gradient,
               TrainingState* state);

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
