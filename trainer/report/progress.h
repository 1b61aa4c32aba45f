#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace lockstep {

// How much there is to do.
struct ProgressPlan {
  int64_t total_steps = 0;
  int64_t steps_per_epoch = 1;
};

// One line of progress.
struct ProgressLine {
  int64_t step = 0;  // updates done
  ProgressPlan plan;
  double loss = 0;      // mean over the samples since the last line
  double accuracy = 0;  // 0 to 1, likewise
  double images_per_second = 0;
  double seconds_left = 0;
};

// "epoch 3/10  step 1201/4690  loss 0.0421  accuracy 98.71 %  12,345 images/s  0:32 left"
std::string FormatProgress(const ProgressLine& line);

// "0:32", "12:05", "3:07:41"
std::string FormatDuration(double seconds);

// Shows a person how training goes: on a terminal one line that is overwritten, elsewhere (a batch
// job's log, mpirun's pipe) a plain line every few seconds.
class ProgressReporter {
 public:
  ProgressReporter(std::FILE* out, ProgressPlan plan, int64_t first_step);
  ~ProgressReporter();
  ProgressReporter(const ProgressReporter&) = delete;
  ProgressReporter& operator=(const ProgressReporter&) = delete;

  // After each step: the sums over its global batch.
  void OnStep(int64_t step, int64_t samples, double loss_sum, int64_t correct);

  // Begins a new average after `step`: the time since then went into evaluating or saving.
  void Restart(int64_t step);

  // Ends the overwritten line, so that other text can follow.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;

  std::FILE* out_;
  bool terminal_;
  bool line_open_ = false;
  ProgressPlan plan_;
  int64_t window_first_step_;  // the window: since the last line, or the last restart
  Clock::time_point window_start_;
  Clock::time_point last_line_;
  double seconds_per_step_ = 0;  // 0: not known yet
  int64_t samples_ = 0;
  double loss_sum_ = 0;
  int64_t correct_ = 0;
};

}  // namespace lockstep
