#include "trainer/train/train_job.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "storage/checkpoint_directory.h"
#include "storage/error.h"
#include "storage/run_directory.h"
#include "trainer/train/data_checks.h"
#include "trainer/train/job_data.h"
#include "trainer/train/net_builder.h"
#include "trainer/train/optimizer_builder.h"
#include "trainer/train/rank_threads.h"
#include "trainer/train/rank_times.h"
#include "trainer/train/same_everywhere.h"
#include "trainer/train/status_keeper.h"
#include "trainer/train/together.h"
#include "trainer/train/training_pipeline.h"

namespace lockstep {
namespace {

RecordingOptions ToRecordingOptions(const v1::Job& job) {
  return {.metrics_every_steps = job.metrics().every_steps(),
          .flush_seconds = job.metrics().flush_seconds(),
          .keep_last = job.checkpoint().keep_last(),
          .keep_best = job.checkpoint().keep_best()};
}

// One rank's part in a run: what is built from the job, in the order in which it is built.
class Run {
 public:
  Run(const TrainRequest& request, const StopSignal& stop_signal, comm::Communicator* communicator)
      : request_(request),
        stop_signal_(stop_signal),
        communicator_(*communicator),
        job_(request.job.job) {}

  // Collective; the first thing.
  void SetUp();
  TrainResult Train();
  // Not collective. For status.json, where there is one.
  void RecordFailure(const std::exception& error);

 private:
  void LockRunDirectory();
  AttemptRecord DescribeAttempt() const;
  // Rank 0's counts.
  ResumeChoice WhereToBegin() const;
  void CheckProgress(int64_t step);
  void BeginStatus(const TrainingOptions& options);
  void LogStart(const TrainingOptions& options) const;
  std::unique_ptr<RunRecorder> MakeRecorder(const TrainingOptions& options);
  Outcome Loop(const TrainingOptions& options, RunRecorder* recorder, TrainResult* result);
  std::optional<Evaluation> EvaluateTest(RunRecorder* recorder);
  void DescribeFiles(RunRecorder* recorder, TrainResult* result) const;
  // What is evaluated.
  CommitteeMember Member() const {
    return {
        .net = net_.get(), .values = state_.evaluated_values(), .loss = ToLossKind(job_.loss())};
  }
  bool IsRoot() const { return communicator_.rank() == 0; }
  void KeepAlive() {
    if (status_) {
      status_->OnStillAlive();
    }
  }

  const TrainRequest& request_;
  const StopSignal& stop_signal_;
  comm::Communicator& communicator_;
  v1::Job job_;                                       // effective, its data resolved
  std::unique_ptr<storage::RunDirectory> directory_;  // on rank 0
  std::unique_ptr<StatusKeeper> status_;              // likewise
  std::unique_ptr<JobData> data_;
  std::unique_ptr<Net> net_;
  TrainingState state_;
  bool saved_ = false;  // the directory has a checkpoint of the state that the run begins with
  std::unique_ptr<RankThreads> threads_;
};

void Run::SetUp() {
  WarnOfOtherBuilds(&communicator_);
  LockRunDirectory();
  data_ = std::make_unique<JobData>(job_.data(), request_.data_directory, &communicator_);
  *job_.mutable_data() = data_->resolved();
  RunTogether(&communicator_, [&] {
    CheckAugmentation(request_.job, data_->train().shape());
    CheckHoldout(request_.job, data_->split());
    net_ = BuildNet(request_.job, data_->shape(), data_->train().classes());
  });
  state_ = NewState(job_, *net_, &communicator_);
  saved_ = StartFrom(WhereToBegin(),
                     {.job = job_,
                      .data_sha256 = data_->train_sha256(),
                      .directory = directory_.get(),
                      .layout = net_->parameters()},
                     &communicator_, &state_);
  CheckProgress(state_.position.step);
  threads_ = std::make_unique<RankThreads>(request_.threads, &communicator_);
}

void Run::LockRunDirectory() {
  const auto path = std::filesystem::path(job_.output_directory()) / job_.name();
  RunTogether(&communicator_, [&] {
    if (IsRoot()) {
      directory_ = std::make_unique<storage::RunDirectory>(
          path, storage::LockClaim{.launch = request_.attempt.launch,
                                   .attempt = request_.attempt.number});
    }
  });
  CheckSameDirectory(path, IsRoot() ? directory_->lock().text() : "", &communicator_);
  if (const comm::Attempt& attempt = request_.attempt; IsRoot() && attempt.number > 1) {
    spdlog::info("attempt {} of launch {}{}", attempt.number, attempt.launch,
                 attempt.reason.empty() ? "" : fmt::format(" ({})", attempt.reason));
  }
  RunTogether(&communicator_, [&] {
    if (IsRoot()) {
      status_ = std::make_unique<StatusKeeper>(directory_.get(), job_.name(), DescribeAttempt());
    }
  });
  if (request_.resume.kind == ResumeChoice::Kind::kAuto) {
    CheckProgress(status_ ? status_->newest_checkpoint() : 0);
  }
}

AttemptRecord Run::DescribeAttempt() const {
  AttemptRecord attempt{.launch = request_.attempt.launch,
                        .number = request_.attempt.number,
                        .reason = request_.attempt.reason,
                        .started = Now(),
                        .ranks = communicator_.size()};
  for (const std::string& host : communicator_.host_names()) {
    if (std::ranges::find(attempt.hosts, host) == attempt.hosts.end()) {
      attempt.hosts.push_back(host);
    }
  }
  return attempt;
}

ResumeChoice Run::WhereToBegin() const {
  const ResumeChoice& asked = request_.resume;
  if (asked.kind == ResumeChoice::Kind::kAuto || !status_ || !status_->LaunchHasSaved()) {
    return asked;
  }
  spdlog::info("--resume counts no more: this launch has begun as it says, and saved since");
  return {.kind = ResumeChoice::Kind::kAuto, .path = {}, .initial_weights = asked.initial_weights};
}

// Before much is loaded in vain, from what set-up seems to begin with; then from what it does.
void Run::CheckProgress(int64_t step) {
  RunTogether(&communicator_, [&] {
    if (status_) {
      status_->CheckProgress(step, request_.give_up_after);
    }
  });
}

void Run::LogStart(const TrainingOptions& options) const {
  spdlog::info(
      "training {}: {} parameters, {} training and {} hold-out samples of {}, {} steps of up to {} "
      "samples",
      job_.name(), net_->parameters().size(), data_->split().train.size(),
      data_->split().holdout.size(), data_->train().content(), options.run_length.total_steps,
      job_.global_batch());
  if (const std::string remark = RemarkOnSchedule(options); !remark.empty()) {
    spdlog::warn("warning: {}", remark);
  }
  spdlog::info("{}, {} thread{} each; microbatches of {}",
               comm::RankMap(communicator_.host_names()), threads_->workers().size(),
               threads_->workers().size() == 1 ? "" : "s", job_.microbatch());
}

std::unique_ptr<RunRecorder> Run::MakeRecorder(const TrainingOptions& options) {
  std::unique_ptr<RunRecorder> recorder;
  RunTogether(&communicator_, [&] {
    if (IsRoot()) {
      const RunIdentity identity{.seed = job_.seed(),
                                 .steps_per_epoch = options.run_length.steps_per_epoch,
                                 .job = EffectiveText(job_),
                                 .data_sha256 = data_->train_sha256(),
                                 .build = DescribeBuild()};
      recorder = std::make_unique<RunRecorder>(directory_.get(), net_->parameters(), identity,
                                               ToRecordingOptions(job_), state_.position.step);
    }
  });
  return recorder;
}

TrainResult Run::Train() {
  const TrainingOptions options =
      ToTrainingOptions(job_, static_cast<int64_t>(data_->split().train.size()));
  if (IsRoot()) {
    LogStart(options);
  }
  const auto recorder = MakeRecorder(options);
  BeginStatus(options);
  TrainResult result{.total_steps = options.run_length.total_steps};
  result.outcome = Loop(options, recorder.get(), &result);
  result.step = state_.position.step;
  if (result.outcome != Outcome::kStopped && job_.evaluation().test_at_end()) {
    result.test = EvaluateTest(recorder.get());
    result.outcome = result.test ? result.outcome : Outcome::kStopped;
  }
  RunTogether(&communicator_, [&] {
    if (recorder) {
      DescribeFiles(recorder.get(), &result);
      status_->End(result.outcome == Outcome::kStopped ? RunState::kStopped : RunState::kFinished);
    }
  });
  return result;
}

void Run::BeginStatus(const TrainingOptions& options) {
  RunTogether(&communicator_, [&] {
    if (status_) {
      status_->Begin({.step = state_.position.step,
                      .samples_seen = state_.position.samples_seen,
                      .total_steps = options.run_length.total_steps,
                      .steps_per_epoch = options.run_length.steps_per_epoch,
                      .threads = threads_->workers().size()});
    }
  });
}

void Run::RecordFailure(const std::exception& error) {
  if (!status_) {
    return;
  }
  try {
    status_->End(RunState::kFailed, MessageOf(error));
  } catch (const storage::Error&) {
    // Taken over: it is another's status now.
  }
}

Outcome Run::Loop(const TrainingOptions& options, RunRecorder* recorder, TrainResult* result) {
  const int64_t first_step = state_.position.step;
  TrainingPipeline pipeline(job_, *data_, *net_, threads_.get(), &communicator_, options,
                            first_step);
  if (status_) {
    status_->OnEvaluating();
  }
  Evaluator evaluator({Member()}, &communicator_, &threads_->workers());
  evaluator.WhileRunning([this] { KeepAlive(); });
  RankTimes rank_times(pipeline.prefetcher(), pipeline.gradient_step(), pipeline.weight_update());
  std::unique_ptr<ProgressReporter> progress;
  if (IsRoot()) {
    progress = std::make_unique<ProgressReporter>(
        stderr,
        ProgressPlan{.total_steps = options.run_length.total_steps,
                     .steps_per_epoch = options.run_length.steps_per_epoch},
        first_step);
  }
  const auto evaluate = [&] {
    return evaluator.Run(data_->train(), data_->normalizer(), data_->split().holdout,
                         &stop_signal_);
  };
  TrainingLoop loop(options,
                    {.communicator = communicator_,
                     .gradient_step = pipeline.gradient_step(),
                     .weight_update = pipeline.weight_update(),
                     .stop_signal = &stop_signal_,
                     .rank_times = &rank_times,
                     .recorder = recorder,
                     .progress = progress.get(),
                     .status = status_.get(),
                     .saved = saved_,
                     .has_holdout = !data_->split().holdout.empty(),
                     .evaluate = evaluate},
                    &state_);
  const Outcome outcome = loop.Run();
  result->images_per_second = loop.images_per_second();
  return outcome;
}

std::optional<Evaluation> Run::EvaluateTest(RunRecorder* recorder) {
  if (status_) {
    status_->OnEvaluating();
  }
  Evaluator evaluator({Member()}, &communicator_, &threads_->workers());
  evaluator.WhileRunning([this] { KeepAlive(); });
  auto result = evaluator.Run(data_->test(), data_->normalizer(), AllSamples(data_->test().size()),
                              &stop_signal_);
  if (result && recorder != nullptr) {
    recorder->OnEvaluation(state_.position.step, EvaluationSplit::kTest, *result);
    status_->OnTest(
        {.step = state_.position.step, .accuracy = result->accuracy(), .loss = result->loss});
  }
  return result;
}

void Run::DescribeFiles(RunRecorder* recorder, TrainResult* result) const {
  recorder->WriteMetrics();
  result->metrics = directory_->Metrics();
  result->checkpoint = storage::CheckpointPath(directory_->Checkpoints(), state_.position.step);
  if (const RunPosition& position = state_.position; position.best_step > 0) {
    const auto path = storage::CheckpointPath(directory_->Checkpoints(), position.best_step);
    const auto samples = static_cast<double>(data_->split().holdout.size());
    result->best = {.step = position.best_step,
                    .accuracy = static_cast<double>(position.best_correct) / samples,
                    .checkpoint = std::filesystem::exists(path) ? path : ""};
  }
  result->weights_sha256 = storage::WeightsSha256(MakeCheckpoint(state_, net_->parameters(), {}));
}

}  // namespace

TrainResult TrainJob(const TrainRequest& request, const StopSignal& stop_signal,
                     comm::Communicator* communicator) {
  Run run(request, stop_signal, communicator);
  try {
    run.SetUp();
    return run.Train();
  } catch (const std::exception& error) {
    run.RecordFailure(error);
    throw;
  }
}

}  // namespace lockstep
