#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "storage/metrics_file.h"
#include "storage/run_directory.h"
#include "trainer/nn/net.h"
#include "trainer/train/evaluator.h"
#include "trainer/train/training_state.h"

namespace lockstep {

struct RecordingOptions {
  int64_t metrics_every_steps = 1;
  double flush_seconds = 10;
  int64_t keep_last = 3;
  bool keep_best = true;
};

// A row of /metrics/train: means over the step's global batch.
struct StepRow {
  int64_t step = 0;   // updates done, this one included
  int64_t epoch = 0;  // from 1
  int64_t samples_seen = 0;
  double loss = 0;
  double accuracy = 0;
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
};

// Where a rank's time went since the last row: /metrics/ranks. The only series that differs between
// two runs of a job.
struct RankRow {
  int64_t rank = 0;
  std::string host;
  double seconds = 0;      // wall clock, all of it
  double data_wait = 0;    // workers waiting for microbatches, summed over them
  double reduce_wait = 0;  // waiting for other ranks
};

enum class EvaluationSplit { kHoldout, kTest };

// Keeps a run's files: the effective job, checkpoints and metrics. Lives on rank 0 alone.
// Everything throws storage::Error, and storage::TakenOver once the directory is another process's.
class RunRecorder {
 public:
  // `resume_step`: the checkpoint the run goes on from, 0 for a new run. Metrics rows after it are
  // dropped, and checkpoints after it are set aside. `directory` and `layout` outlive the recorder.
  RunRecorder(storage::RunDirectory* directory, const ParameterLayout& layout, RunIdentity identity,
              RecordingOptions options, int64_t resume_step);

  void OnStep(const StepRow& row);
  // `split` was evaluated with the weights after `step`. Does nothing if that is recorded already.
  void OnEvaluation(int64_t step, EvaluationSplit split, const Evaluation& evaluation);
  void OnRankTimes(int64_t step, const RankRow& row);

  // Writes metrics, then the checkpoint of the state, then deletes old checkpoints.
  void Save(const TrainingState& state);
  // Writes the metrics alone.
  void WriteMetrics();

 private:
  void Prune(const RunPosition& position);

  storage::RunDirectory& directory_;
  const ParameterLayout& layout_;
  RunIdentity identity_;
  RecordingOptions options_;
  storage::Metrics metrics_;
  std::optional<int64_t> best_saved_step_;
  std::chrono::steady_clock::time_point last_write_;
};

}  // namespace lockstep
