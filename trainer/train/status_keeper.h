#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "storage/run_directory.h"
#include "trainer/train/run_status.h"

namespace lockstep {

// Where an attempt begins, known when set-up is over.
struct AttemptBeginning {
  int64_t step = 0;
  int64_t samples_seen = 0;
  int64_t total_steps = 0;
  int64_t steps_per_epoch = 1;
  int64_t threads = 0;  // of a rank
};

// Keeps the status.json of a run: on rank 0 alone, written when something happens, and every few
// seconds while nothing does but steps. A status that cannot be written costs a warning, nothing
// else; but everything throws storage::TakenOver once the directory is another process's.
class StatusKeeper {
 public:
  // Adds `attempt` to those that the directory's status.json tells of; one without an end was lost.
  // `directory` outlives this.
  StatusKeeper(storage::RunDirectory* directory, const std::string& name,
               const AttemptRecord& attempt);

  // What an attempt that resumes by itself begins with, if it is whole: the newest checkpoint.
  int64_t newest_checkpoint() const { return status_.checkpoint.value_or(0); }
  // Whether earlier attempts of this one's launch have trained, and saved what they trained: this
  // one then goes on from there, wherever the launch was told to begin.
  bool LaunchHasSaved() const;
  // Ends this attempt and throws NoProgressError if as many attempts of its launch as `most` (0:
  // any number), just before it, began at `step`, where this one begins, and failed or were lost
  // before they saved a newer checkpoint.
  void CheckProgress(int64_t step, int64_t most);

  void Begin(const AttemptBeginning& beginning);
  // `samples_seen`: over all attempts.
  void OnStep(const Measurement& training, int64_t samples_seen);
  void OnEvaluating();
  void OnHoldout(const Measurement& holdout, const Measurement& best);
  void OnTest(const Measurement& test);
  void OnSaving();
  void OnSaved(int64_t step);
  // Now and then while something lasts.
  void OnStillAlive();
  // The last thing: kFinished, kStopped or, with the error, kFailed. The first call counts.
  void End(RunState outcome, const std::string& error = "");

 private:
  using Clock = std::chrono::steady_clock;

  AttemptRecord& attempt() { return status_.attempts.back(); }
  void Train();
  void Pause(RunState state);
  void MeasureSpeed(Clock::time_point now);
  void Write();

  storage::RunDirectory& directory_;
  RunStatus status_;
  Clock::time_point last_write_;
  bool warned_ = false;
  Clock::time_point began_;

  // Speed is that of the steps since it was last measured, without what came between them.
  int64_t samples_seen_ = 0;
  int64_t measured_samples_ = 0;
  double train_seconds_ = 0;
  Clock::time_point train_began_;  // while in kTraining
};

}  // namespace lockstep
