#include "trainer/train/training_loop.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "storage/error.h"
#include "trainer/base/divide.h"
#include "trainer/base/error.h"
#include "trainer/train/together.h"

namespace lockstep {

TrainingLoop::TrainingLoop(const TrainingOptions& options, TrainingParts parts,
                           TrainingState* state)
    : options_(options),
      parts_(std::move(parts)),
      state_(*state),
      saved_step_(parts_.saved ? state->position.step : kNone),
      tried_step_(saved_step_) {}

// What is due is decided from the state alone, so a run that was stopped between a step and the
// evaluation after it evaluates first when it resumes.
Outcome TrainingLoop::Run() {
  parts_.weight_update.Begin(state_);
  for (;;) {
    if (EvaluationDue() && Evaluate() == Next::kStop) {
      break;
    }
    if (SaveDue()) {
      Save(Finished() ? OnFailure::kThrow : OnFailure::kTryLater);
    }
    if (Finished()) {
      return PatienceIsOver() ? Outcome::kFinishedEarly : Outcome::kFinished;
    }
    if (Step() == Next::kStop) {
      break;
    }
  }
  if (saved_step_ != state_.position.step) {
    Save(OnFailure::kThrow);
  }
  return Outcome::kStopped;
}

// Like all that is decided here, from what checkpoints hold: a run that is resumed ends where it
// would have ended.
bool TrainingLoop::PatienceIsOver() const {
  const RunPosition& position = state_.position;
  return options_.patience > 0 && position.best_step > 0 &&
         position.step < options_.run_length.total_steps &&
         (position.evaluated_step - position.best_step) / options_.evaluate_every_steps >=
             options_.patience;
}

bool TrainingLoop::Finished() const {
  return state_.position.step >= options_.run_length.total_steps || PatienceIsOver();
}

bool TrainingLoop::EvaluationDue() const {
  const int64_t step = state_.position.step;
  return parts_.has_holdout && step > state_.position.evaluated_step &&
         (step % options_.evaluate_every_steps == 0 || step == options_.run_length.total_steps);
}

bool TrainingLoop::SaveDue() const {
  const int64_t step = state_.position.step;
  const bool best = options_.keep_best && step == state_.position.best_step;
  return step > 0 && step != tried_step_ &&
         (step % options_.save_every_steps == 0 || Finished() || best);
}

TrainingLoop::Next TrainingLoop::Step() {
  const auto start = std::chrono::steady_clock::now();
  RunPosition& position = state_.position;
  const StepPlan& plan = options_.plan;
  const int64_t microbatches = plan.MicrobatchCount(position.step);
  const IndexRange own =
      DealMicrobatches(microbatches, parts_.communicator.rank(), parts_.communicator.size());
  const StepShare share{.step = position.step,
                        .samples = plan.Step(position.step).positions.size(),
                        .microbatches = microbatches,
                        .own_microbatches = own.size()};
  const bool stop = parts_.stop_signal != nullptr && parts_.stop_signal->requested();
  const double rate = options_.learning_rate *
                      LearningRateFactor(options_.schedule, position.step + 1, options_.run_length);
  GradientStep& gradient_step = parts_.gradient_step;
  WeightUpdate& weight_update = parts_.weight_update;
  weight_update.Start(
      rate,
      {.has = [&](int64_t begin, int64_t end) { return gradient_step.HasGradient(begin, end); },
       .read = [&](int64_t begin,
                   std::span<float> gradient) { gradient_step.ReadGradient(begin, gradient); }},
      &state_);
  const StepSums sums = gradient_step.Run(share, weight_update.weights(), stop,
                                          [&] { return weight_update.DoSome(); });
  if (sums.diverged) {
    FailDiverged();
  }
  const double norm = weight_update.Finish();
  gradient_step.Finish();
  ++position.step;
  position.samples_seen += share.samples;
  step_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  samples_ += share.samples;
  Record(sums, share.samples, rate, norm);
  return sums.stop ? Next::kStop : Next::kGoOn;
}

void TrainingLoop::Record(const StepSums& sums, int64_t samples, double rate, double norm) {
  const int64_t step = state_.position.step;
  if (parts_.recorder != nullptr) {
    const auto count = static_cast<double>(samples);
    parts_.recorder->OnStep({.step = step,
                             .epoch = options_.plan.Step(step - 1).epoch + 1,
                             .samples_seen = state_.position.samples_seen,
                             .loss = sums.loss / count,
                             .accuracy = static_cast<double>(sums.correct) / count,
                             .learning_rate = rate,
                             .gradient_norm = norm});
    parts_.progress->OnStep(step, samples, sums.loss, sums.correct);
  }
  if (parts_.status != nullptr) {
    const auto count = static_cast<double>(samples);
    parts_.status->OnStep({.step = step,
                           .accuracy = static_cast<double>(sums.correct) / count,
                           .loss = sums.loss / count},
                          state_.position.samples_seen);
  }
  if (parts_.rank_times != nullptr && step % options_.run_length.steps_per_epoch == 0) {
    for (const RankRow& row : parts_.rank_times->Collect(&parts_.communicator)) {
      if (parts_.recorder != nullptr) {
        parts_.recorder->OnRankTimes(step, row);
      }
    }
  }
}

double TrainingLoop::images_per_second() const {
  return samples_ == 0 ? 0 : static_cast<double>(samples_) / step_seconds_;
}

TrainingLoop::Next TrainingLoop::Evaluate() {
  RunPosition& position = state_.position;
  if (parts_.status != nullptr) {
    parts_.status->OnEvaluating();
  }
  const std::optional<Evaluation> result = parts_.evaluate();
  if (!result) {
    return Next::kStop;
  }
  position.evaluated_step = position.step;
  // A checkpoint written before this evaluation, by a run that was stopped in it, lacks the result.
  saved_step_ = tried_step_ = kNone;
  if (position.best_step == 0 || result->correct > position.best_correct) {
    position.best_step = position.step;
    position.best_correct = result->correct;
  }
  if (parts_.recorder != nullptr) {
    parts_.recorder->OnEvaluation(position.step, EvaluationSplit::kHoldout, *result);
    parts_.progress->Restart(position.step);
    spdlog::info("epoch {}: hold-out accuracy {:.2f} %, loss {:.4f}",
                 DivideUp(position.step, options_.plan.steps_per_epoch()), 100 * result->accuracy(),
                 result->loss);
  }
  if (parts_.status != nullptr) {
    const auto samples = static_cast<double>(result->samples);
    parts_.status->OnHoldout(
        {.step = position.step, .accuracy = result->accuracy(), .loss = result->loss},
        {.step = position.best_step,
         .accuracy = static_cast<double>(position.best_correct) / samples});
  }
  return Next::kGoOn;
}

void TrainingLoop::FailDiverged() {
  RunTogether(&parts_.communicator, [&] {
    throw DivergedError(fmt::format(
        "training diverged in step {} (epoch {}): a loss or a gradient is not a finite number in "
        "range. The last checkpoint is from before. Try a smaller learning rate, "
        "regularization.clip_global_norm or schedule.warmup",
        state_.position.step + 1, options_.plan.Step(state_.position.step).epoch + 1));
  });
}

// A save that fails in mid-run costs no work: training goes on, and the next one tries again.
void TrainingLoop::Save(OnFailure on_failure) {
  RunTogether(&parts_.communicator, [&] {
    if (!std::ranges::all_of(state_.values, [](float value) { return std::isfinite(value); })) {
      throw DivergedError(
          fmt::format("training diverged: after step {} a parameter is not a finite number; the "
                      "last checkpoint "
                      "is from before. Try a smaller learning rate",
                      state_.position.step));
    }
  });
  int64_t failed = 0;
  RunTogether(&parts_.communicator, [&] {
    if (parts_.recorder == nullptr) {
      return;
    }
    try {
      SaveHere();
    } catch (const storage::TakenOver&) {
      throw;
    } catch (const storage::Error& error) {
      const std::string what =
          fmt::format("no checkpoint after step {}: {}", state_.position.step, error.what());
      if (on_failure == OnFailure::kThrow) {
        throw storage::Error(what +
                             "; then run the same command again, which goes on from the last whole "
                             "checkpoint");
      }
      spdlog::error("warning: {}; training goes on and will try again", what);
      failed = 1;
    }
    parts_.progress->Restart(state_.position.step);
  });
  parts_.communicator.AllReduceMax({&failed, 1});
  tried_step_ = state_.position.step;
  if (failed == 0) {
    saved_step_ = tried_step_;
  }
}

void TrainingLoop::SaveHere() {
  if (parts_.status != nullptr) {
    parts_.status->OnSaving();
  }
  parts_.recorder->Save(state_);
  if (parts_.status != nullptr) {
    parts_.status->OnSaved(state_.position.step);
  }
}

}  // namespace lockstep
