#include "trainer/train/resume.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <string>
#include <system_error>

#include "storage/checkpoint_directory.h"
#include "storage/error.h"
#include "trainer/base/error.h"
#include "trainer/config/job_file.h"
#include "trainer/train/together.h"

namespace lockstep {
namespace {

// The part of a job that decides which samples a step takes. A run cannot go on with another one.
v1::Job StepsOf(const v1::Job& job) {
  v1::Job steps;
  *steps.mutable_data() = job.data();
  steps.mutable_data()->clear_prefetch();
  steps.mutable_data()->clear_normalization();
  steps.mutable_data()->clear_augment();
  // Where the files are does not matter: their contents are compared.
  if (steps.data().has_mnist()) {
    steps.mutable_data()->mutable_mnist()->clear_directory();
  }
  if (steps.data().has_hdf5()) {
    steps.mutable_data()->mutable_hdf5()->clear_train_file();
    steps.mutable_data()->mutable_hdf5()->clear_test_file();
  }
  steps.set_global_batch(job.global_batch());
  steps.set_seed(job.seed());  // of the order within each epoch
  return steps;
}

// Whether learning rates depend on how long the run will be.
bool LooksAhead(const v1::Schedule& schedule) {
  return schedule.has_polynomial() || schedule.has_cosine() || schedule.has_one_cycle();
}

// A job without what has no influence on the weights that a step gives.
v1::Job WeightsOf(const v1::Job& job) {
  v1::Job weights = job;
  if (!LooksAhead(job.schedule())) {
    weights.clear_length();
  }
  *weights.mutable_data() = StepsOf(job).data();
  *weights.mutable_data()->mutable_normalization() = job.data().normalization();
  if (job.data().has_augment()) {
    *weights.mutable_data()->mutable_augment() = job.data().augment();
  }
  weights.clear_name();
  weights.clear_output_directory();
  weights.clear_evaluation();
  weights.clear_checkpoint();
  weights.clear_metrics();
  return weights;
}

// "modified: ..." lines, the last one without its end; empty if there is no difference.
std::string Differences(const v1::Job& before, const v1::Job& now) {
  std::string text;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&text);
  differencer.Compare(before, now);
  if (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

const std::string& OptimizerOf(const v1::Job& job) {
  return v1::Optimizer::descriptor()->FindFieldByNumber(job.optimizer().kind_case())->name();
}

// What one optimiser remembers means nothing to another, even where the names agree.
void CheckOptimizer(const v1::Job& before, const std::string& file, const v1::Job& job) {
  if (OptimizerOf(before) != OptimizerOf(job)) {
    throw storage::Error(fmt::format(
        "{}: was trained by another optimizer: by {}, and the job says {}; resume with the job it "
        "was trained by, or give this run another name, and start it with --weights if it shall "
        "begin with these weights",
        file, OptimizerOf(before), OptimizerOf(job)));
  }
}

void CheckJob(const v1::Job& before, const std::string& file, const v1::Job& job) {
  if (const std::string text = Differences(StepsOf(before), StepsOf(job)); !text.empty()) {
    throw ConfigError(
        fmt::format("{}: was trained on other samples a step than this job says; give this run "
                    "another name, and "
                    "start it with --weights if it shall begin with these weights\n{}",
                    file, text));
  }
  if (const std::string text = Differences(WeightsOf(before), WeightsOf(job)); !text.empty()) {
    spdlog::warn(
        "warning: the job has changed since {}: the weights will not be those of either job "
        "alone\n{}",
        file, text);
  }
}

void CheckData(const storage::Checkpoint& checkpoint, const std::string& file,
               const std::string& sha256) {
  const auto before = checkpoint.state.find("data_sha256");
  if (before != checkpoint.state.end() && before->second != storage::StateValue(sha256)) {
    throw DataError(fmt::format(
        "{}: was trained on other images or labels than these; give the run the files that it "
        "began with, or start one of another name, with --weights if it shall begin with "
        "these weights",
        file));
  }
}

void Restore(const storage::Checkpoint& checkpoint, const std::string& file,
             const ResumeContext& context, TrainingState* state) {
  const v1::Job before = ParseJob(checkpoint.job, file + ": /job").job;
  CheckOptimizer(before, file, context.job);
  RestoreState(checkpoint, context.layout, file, state);
  CheckJob(before, file, context.job);
  CheckData(checkpoint, file, context.data_sha256);
  spdlog::info("resuming from {}: {} steps done", file, state->position.step);
  for (const auto& [key, value] : DescribeBuild()) {
    const auto built = checkpoint.build.find(key);
    if (built != checkpoint.build.end() && built->second != value) {
      spdlog::warn(
          "warning: {} was written with {} \"{}\", this is \"{}\": results may differ in their "
          "last bits",
          file, key, built->second, value);
    }
  }
}

std::optional<storage::FoundCheckpoint> FindOwn(const storage::RunDirectory& directory) {
  auto found = storage::FindNewestWhole(directory.Checkpoints());
  if (found) {
    for (const storage::SkippedCheckpoint& skipped : found->skipped) {
      spdlog::warn("warning: skipped a checkpoint: {}", skipped.reason);
    }
  }
  return found;
}

// Whether the directory has that very file as its checkpoint of `step`.
bool IsOwn(const std::filesystem::path& file, const storage::RunDirectory& directory,
           int64_t step) {
  std::error_code error;
  return std::filesystem::equivalent(file, storage::CheckpointPath(directory.Checkpoints(), step),
                                     error);
}

// On rank 0. Returns whether the run's directory holds the state.
bool ReadStart(const ResumeChoice& choice, const ResumeContext& context, TrainingState* state) {
  const storage::RunDirectory& directory = *context.directory;
  switch (choice.kind) {
    case ResumeChoice::Kind::kFrom:
      Restore(storage::ReadCheckpoint(choice.path), choice.path.string(), context, state);
      return IsOwn(choice.path, directory, state->position.step);
    case ResumeChoice::Kind::kAuto:
      if (const auto found = FindOwn(directory)) {
        Restore(found->checkpoint, found->file.path.string(), context, state);
        if (!choice.initial_weights.empty()) {
          spdlog::warn("warning: --weights {} is ignored: this run has begun already",
                       choice.initial_weights.string());
        }
        return true;
      }
      break;
    case ResumeChoice::Kind::kNever:
      if (!storage::ListCheckpoints(directory.Checkpoints()).empty()) {
        throw ConfigError(fmt::format(
            "{} has checkpoints, which --resume never would overwrite; give the run another name "
            "(--set name=...) or remove that directory",
            directory.path().string()));
      }
      break;
  }
  if (!choice.initial_weights.empty()) {
    const std::string file = choice.initial_weights.string();
    RestoreValues(storage::ReadCheckpoint(file), context.layout, file, state->values);
    std::copy_n(state->values.begin(), state->average.size(), state->average.begin());
    spdlog::info("starting from the weights of {}", file);
  }
  return false;
}

}  // namespace

bool StartFrom(const ResumeChoice& choice, const ResumeContext& context,
               comm::Communicator* communicator, TrainingState* state) {
  int64_t own = 0;
  RunTogether(communicator, [&] {
    if (context.directory != nullptr) {
      own = ReadStart(choice, context, state) ? 1 : 0;
    }
  });
  communicator->AllReduceMax({&own, 1});
  communicator->Broadcast(std::as_writable_bytes(std::span(&state->position, 1)));
  communicator->BroadcastToNodes(std::as_writable_bytes(state->memory.values()));
  return own != 0;
}

}  // namespace lockstep
