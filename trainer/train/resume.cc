#include "trainer/train/resume.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <string>

#include "storage/checkpoint_directory.h"
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
  if (steps.data().has_mnist()) {
    steps.mutable_data()->mutable_mnist()->clear_directory();
  }
  steps.set_global_batch(job.global_batch());
  return steps;
}

// A job without what has no influence on the weights.
v1::Job WeightsOf(const v1::Job& job) {
  v1::Job weights = job;
  *weights.mutable_data() = StepsOf(job).data();
  *weights.mutable_data()->mutable_normalization() = job.data().normalization();
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

void CheckJob(const storage::Checkpoint& checkpoint, const std::string& file, const v1::Job& job) {
  const v1::Job before = ParseJob(checkpoint.job, file + ": /job").job;
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

void Restore(const storage::Checkpoint& checkpoint, const std::string& file, const v1::Job& job,
             const ParameterLayout& layout, TrainingState* state) {
  RestoreState(checkpoint, layout, file, state);
  CheckJob(checkpoint, file, job);
  spdlog::info("resuming from {}: {} steps done", file, state->position.step);
  for (const auto& [key, value] : DescribeBuild()) {
    const auto before = checkpoint.build.find(key);
    if (before != checkpoint.build.end() && before->second != value) {
      spdlog::warn(
          "warning: {} was written with {} \"{}\", this is \"{}\": results may differ in their "
          "last bits",
          file, key, before->second, value);
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

// On rank 0.
void ReadStart(const ResumeChoice& choice, const v1::Job& job,
               const storage::RunDirectory& directory, const ParameterLayout& layout,
               TrainingState* state) {
  switch (choice.kind) {
    case ResumeChoice::Kind::kFrom:
      Restore(storage::ReadCheckpoint(choice.path), choice.path.string(), job, layout, state);
      return;
    case ResumeChoice::Kind::kAuto:
      if (const auto found = FindOwn(directory)) {
        Restore(found->checkpoint, found->file.path.string(), job, layout, state);
        return;
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
    RestoreValues(storage::ReadCheckpoint(file), layout, file, state->values);
    spdlog::info("starting from the weights of {}", file);
  }
}

}  // namespace

void StartFrom(const ResumeChoice& choice, const v1::Job& job,
               const storage::RunDirectory* directory, const ParameterLayout& layout,
               comm::Communicator* communicator, TrainingState* state) {
  RunTogether(communicator, [&] {
    if (directory != nullptr) {
      ReadStart(choice, job, *directory, layout, state);
    }
  });
  communicator->Broadcast(std::as_writable_bytes(std::span(&state->position, 1)));
  communicator->Broadcast(std::as_writable_bytes(std::span(state->values)));
  for (const Optimizer::Slot& slot : state->optimizer->slots()) {
    communicator->Broadcast(std::as_writable_bytes(slot.values));
  }
}

}  // namespace lockstep
