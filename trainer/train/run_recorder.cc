#include "trainer/train/run_recorder.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <utility>

#include "storage/checkpoint_directory.h"
#include "storage/error.h"

namespace lockstep {
namespace {

using storage::Cell;
using storage::Column;
using storage::ColumnType;

constexpr size_t kHostNameBytes = 64;
constexpr size_t kSplitBytes = 8;

// The series and columns of metrics.h5, without rows.
storage::Metrics EmptyMetrics() {
  const auto integer = [](const char* name) { return Column{name, ColumnType::kInt64}; };
  const auto number = [](const char* name) { return Column{name, ColumnType::kDouble}; };
  storage::Metrics metrics;
  metrics.emplace(
      "train",
      storage::Table({integer("step"), integer("epoch"), integer("samples_seen"), number("loss"),
                      number("accuracy"), number("learning_rate"), number("gradient_norm")}));
  metrics.emplace(
      "eval",
      storage::Table({integer("step"), Column{"split", ColumnType::kString, kSplitBytes},
                      integer("samples"), integer("correct"), number("accuracy"), number("loss")}));
  metrics.emplace("ranks",
                  storage::Table({integer("step"), integer("rank"),
                                  Column{"host", ColumnType::kString, kHostNameBytes},
                                  number("seconds"), number("data_wait"), number("reduce_wait")}));
  return metrics;
}

}  // namespace

RunRecorder::RunRecorder(storage::RunDirectory* directory, const ParameterLayout& layout,
                         RunIdentity identity, RecordingOptions options, int64_t resume_step)
    : directory_(*directory),
      layout_(layout),
      identity_(std::move(identity)),
      options_(options),
      metrics_(storage::ResumeMetrics(directory->Metrics(), EmptyMetrics(), resume_step)),
      last_write_(std::chrono::steady_clock::now()) {
  for (const auto& path : directory->SetAsideAfter(resume_step)) {
    spdlog::warn("set aside {}: it is from after step {}, where this run goes on", path.string(),
                 resume_step);
  }
  directory->WriteJob(identity_.job);
}

void RunRecorder::OnStep(const StepRow& row) {
  if (row.step % options_.metrics_every_steps == 0) {
    metrics_.at("train").AppendRow(std::array<Cell, 7>{row.step, row.epoch, row.samples_seen,
                                                       row.loss, row.accuracy, row.learning_rate,
                                                       row.gradient_norm});
  }
  const std::chrono::duration<double> age = std::chrono::steady_clock::now() - last_write_;
  if (age.count() < options_.flush_seconds) {
    return;
  }
  // Rows are kept in memory and the next write tries again, so a full disk costs nothing yet.
  try {
    WriteMetrics();
  } catch (const storage::TakenOver&) {
    throw;
  } catch (const storage::Error& error) {
    spdlog::error("warning: metrics not written: {}; training goes on and will try again",
                  error.what());
    last_write_ = std::chrono::steady_clock::now();
  }
}

void RunRecorder::OnEvaluation(int64_t step, EvaluationSplit split, const Evaluation& evaluation) {
  storage::Table& table = metrics_.at("eval");
  const std::string name = split == EvaluationSplit::kHoldout ? "holdout" : "test";
  // A run that was stopped after an evaluation but before the next checkpoint evaluates again.
  const std::vector<int64_t> steps = table.Ints("step");
  const std::vector<std::string> splits = table.Strings("split");
  for (size_t row = 0; row < steps.size(); ++row) {
    if (steps[row] == step && splits[row] == name) {
      return;
    }
  }
  table.AppendRow(std::array<Cell, 6>{step, name, evaluation.samples, evaluation.correct,
                                      evaluation.accuracy(), evaluation.loss});
}

void RunRecorder::OnRankTimes(int64_t step, const RankRow& row) {
  metrics_.at("ranks").AppendRow(
      std::array<Cell, 6>{step, row.rank, row.host, row.seconds, row.data_wait, row.reduce_wait});
}

void RunRecorder::Save(const TrainingState& state) {
  WriteMetrics();
  const RunPosition& position = state.position;
  directory_.WriteCheckpoint(position.step, MakeCheckpoint(state, layout_, identity_));
  Prune(position);
}

// Where the save of the best step failed, the best before it stays. Old files that cannot be
// deleted cost nothing but space.
void RunRecorder::Prune(const RunPosition& position) {
  const auto directory = directory_.Checkpoints();
  storage::Retention retention{.keep_last = options_.keep_last};
  if (options_.keep_best) {
    if (position.best_step > 0 &&
        std::filesystem::exists(storage::CheckpointPath(directory, position.best_step))) {
      best_saved_step_ = position.best_step;
    }
    retention.keep_step = best_saved_step_;
  }
  try {
    directory_.Prune(position.step, retention);
  } catch (const storage::TakenOver&) {
    throw;
  } catch (const storage::Error& error) {
    spdlog::warn("warning: {}; it is left there", error.what());
  }
}

void RunRecorder::WriteMetrics() {
  directory_.WriteMetrics(metrics_);
  last_write_ = std::chrono::steady_clock::now();
}

}  // namespace lockstep
