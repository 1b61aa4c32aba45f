#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "comm/communicator.h"
#include "trainer/data/step_plan.h"
#include "trainer/optim/clip.h"
#include "trainer/optim/schedule.h"
#include "trainer/report/progress.h"
#include "trainer/train/evaluator.h"
#include "trainer/train/gradient_step.h"
#include "trainer/train/rank_times.h"
#include "trainer/train/run_recorder.h"
#include "trainer/train/status_keeper.h"
#include "trainer/train/stop_signal.h"
#include "trainer/train/training_state.h"
#include "trainer/train/weight_update.h"

namespace lockstep {

struct TrainingOptions {
  StepPlan plan;
  RunLength run_length;
  int64_t evaluate_every_steps;
  int64_t save_every_steps;
  bool keep_best;
  int64_t patience;  // evaluations after the best one before the run ends; 0: it never does
  double learning_rate;
  ScheduleOptions schedule;
};

// What the loop works with. Everything outlives it.
struct TrainingParts {
  comm::Communicator& communicator;
  GradientStep& gradient_step;
  WeightUpdate& weight_update;
  const StopSignal* stop_signal = nullptr;  // nullptr: none to look at
  RankTimes* rank_times = nullptr;          // nullptr: not recorded; the same on all ranks
  RunRecorder* recorder = nullptr;          // on rank 0, if the run is recorded
  ProgressReporter* progress = nullptr;     // likewise
  StatusKeeper* status = nullptr;           // likewise
  bool saved = false;  // a checkpoint of the state that the loop begins with is there
  bool has_holdout = false;
  // Evaluates the hold-out samples; nothing when told to stop meanwhile. Collective. REQUIRES
  // has_holdout.
  std::function<std::optional<Evaluation>()> evaluate = nullptr;
};

enum class Outcome {
  kFinished,
  kFinishedEarly,  // the hold-out samples said that it was enough
  kStopped,        // asked to; there is more to do
};

// The training loop of one rank, in lockstep with all others.
class TrainingLoop {
 public:
  TrainingLoop(const TrainingOptions& options, TrainingParts parts, TrainingState* state);

  // Collective. Trains until the last step, until evaluations have not got better for as long as
  // the options say, or until some rank is asked to stop. Either way the
  // last checkpoint holds the state on return. Throws DivergedError on all ranks together when a
  // loss or gradient is not finite; the last checkpoint is then from before.
  Outcome Run();

  // Time of the steps so far, without evaluations and checkpoints, and their speed; 0 before the
  // first.
  double step_seconds() const { return step_seconds_; }
  double images_per_second() const;

 private:
  enum class Next { kGoOn, kStop };
  enum class OnFailure { kTryLater, kThrow };
  static constexpr int64_t kNone = -1;

  bool PatienceIsOver() const;
  bool Finished() const;
  bool EvaluationDue() const;
  bool SaveDue() const;
  Next Evaluate();
  Next Step();
  void Record(const StepSums& sums, int64_t samples, double rate, double norm);
  void Save(OnFailure on_failure);
  void SaveHere();  // on rank 0
  // Throws DivergedError on all ranks together.
  void FailDiverged();

  TrainingOptions options_;
  TrainingParts parts_;
  TrainingState& state_;
  int64_t saved_step_;  // of the last checkpoint that holds; kNone
  int64_t tried_step_;  // when a checkpoint was last tried
  double step_seconds_ = 0;
  int64_t samples_ = 0;  // of the steps that took them
};

}  // namespace lockstep
