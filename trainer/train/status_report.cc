#include "trainer/train/status_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>

#include "storage/checkpoint_directory.h"
#include "storage/error.h"
#include "storage/metrics_file.h"
#include "trainer/base/divide.h"
#include "trainer/report/progress.h"
#include "trainer/report/table.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPatience = 120;       // seconds without news
constexpr double kPatienceInSteps = 10;  // where a step takes long
constexpr size_t kMostAttemptsShown = 20;

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool IsRunDirectory(const fs::path& directory) {
  constexpr const char* kMarks[] = {"status.json", "checkpoints", "metrics.h5", "lock"};
  return std::ranges::any_of(kMarks, [&](const char* mark) { return Exists(directory / mark); });
}

// Run directories below `directory`, for whoever has given the output directory of several.
std::vector<std::string> RunsIn(const fs::path& directory) {
  std::vector<std::string> runs;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (IsRunDirectory(entry->path())) {
      runs.push_back(entry->path().string());
    }
  }
  std::ranges::sort(runs);
  return runs;
}

void CheckRunDirectory(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  constexpr std::string_view kRemedy =
      "give the directory of a run, which is its job's output directory and name: runs/NAME";
  if (status.type() == fs::file_type::not_found) {
    throw storage::Error(fmt::format("{}: is not there; {}", directory.string(), kRemedy));
  }
  if (status.type() == fs::file_type::none) {
    throw storage::SystemError(directory, "be read", error.value());
  }
  if (status.type() != fs::file_type::directory) {
    throw storage::Error(fmt::format("{}: is no directory; {}", directory.string(), kRemedy));
  }
  if (const fs::directory_iterator listing(directory, error); error) {
    throw storage::SystemError(directory, "be read", error.value());
  }
  if (!IsRunDirectory(directory)) {
    const std::vector<std::string> runs = RunsIn(directory);
    throw storage::Error(fmt::format(
        "{}: is not the directory of a run; {}", directory.string(),
        runs.empty() ? std::string(kRemedy) : fmt::format("there are {}", fmt::join(runs, ", "))));
  }
}

void AddMetrics(const storage::Metrics& metrics, RunStatus* status) {
  if (const storage::Table& train = metrics.at("train"); !train.Ints("step").empty()) {
    status->training = {.step = train.Ints("step").back(),
                        .accuracy = train.Doubles("accuracy").back(),
                        .loss = train.Doubles("loss").back()};
    status->step = std::max(status->step, status->training->step);
  }
  const storage::Table& evaluations = metrics.at("eval");
  const std::vector<int64_t> steps = evaluations.Ints("step");
  const std::vector<std::string> splits = evaluations.Strings("split");
  const std::vector<double> accuracies = evaluations.Doubles("accuracy");
  const std::vector<double> losses = evaluations.Doubles("loss");
  for (size_t row = 0; row < steps.size(); ++row) {
    const Measurement measurement{
        .step = steps[row], .accuracy = accuracies[row], .loss = losses[row]};
    if (splits[row] == "test") {
      status->test = measurement;
      continue;
    }
    status->holdout = measurement;
    if (!status->best || measurement.accuracy > status->best->accuracy) {
      status->best = measurement;
    }
  }
}

// What the other files of a run say.
void ReadFiles(StatusReport* report) {
  RunStatus& status = report->status;
  // Of runs/lenet5/ too.
  status.name = fs::absolute(report->directory / ".").parent_path().filename().string();
  const auto checkpoints = storage::ListCheckpoints(report->directory / "checkpoints");
  if (!checkpoints.empty()) {
    status.checkpoint = status.step = checkpoints.back().step;
  }
  const fs::path metrics = report->directory / "metrics.h5";
  try {
    if (Exists(metrics)) {
      AddMetrics(storage::ReadMetrics(metrics), &status);
    }
  } catch (const storage::Error& error) {
    report->remarks.push_back(error.what());
  } catch (const std::exception&) {
    report->remarks.push_back(metrics.string() + ": has other series than a run's");
  }
}

// Seconds after which a run that goes on would have said so.
int64_t Patience(const RunStatus& status) {
  const int64_t steps = status.total_steps - status.step;
  const double step =
      status.seconds_left && steps > 0 ? *status.seconds_left / static_cast<double>(steps) : 0;
  return std::max(kPatience, static_cast<int64_t>(kPatienceInSteps * step));
}

std::string Ago(int64_t seconds) {
  if (seconds < 120) {
    return fmt::format("{} second{}", seconds, seconds == 1 ? "" : "s");
  }
  if (seconds < 2 * 3600) {
    return fmt::format("{} minutes", seconds / 60);
  }
  return seconds < 2 * 86400 ? fmt::format("{} hours", seconds / 3600)
                             : fmt::format("{} days", seconds / 86400);
}

void DeduceLoss(StatusReport* report) {
  RunStatus& status = report->status;
  if (HasEnded(status.state) || *report->age <= Patience(status)) {
    return;
  }
  report->remarks.push_back(fmt::format(
      "no news for {}: rank 0 (process {} on {}) may be dead, or cut off from this directory; "
      "started again, the run goes on from its last checkpoint",
      Ago(*report->age), status.process, status.host));
  status.state = RunState::kLost;
  status.seconds_left.reset();
  if (!status.attempts.empty() && !status.attempts.back().ended) {
    status.attempts.back().ended = status.updated;
    status.attempts.back().outcome = RunState::kLost;
  }
}

void AddLine(const char* heading, const std::string& text, std::string* lines) {
  if (!text.empty()) {
    *lines += fmt::format("{:<12}{}\n", heading, text);
  }
}

std::string Percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

std::string AttemptName(const AttemptRecord& attempt) {
  return attempt.launch.empty() ? "by hand"
                                : fmt::format("{} of {}", attempt.number, attempt.launch);
}

std::string Headline(const StatusReport& report) {
  const RunStatus& status = report.status;
  std::string text = fmt::format("{}: {}", report.directory.string(), Name(status.state));
  if (status.state == RunState::kFinished && status.step < status.total_steps) {
    text += " early";
  }
  if (!status.attempts.empty() && !status.attempts.back().launch.empty()) {
    const AttemptRecord& attempt = status.attempts.back();
    text += fmt::format(", attempt {} of launch {}", attempt.number, attempt.launch);
  }
  return text + "\n";
}

std::string Progress(const RunStatus& status) {
  if (status.total_steps == 0) {
    return WithThousands(status.step);
  }
  return fmt::format("{} of {}, epoch {} of {}", WithThousands(status.step),
                     WithThousands(status.total_steps),
                     DivideUp(status.step, status.steps_per_epoch),
                     DivideUp(status.total_steps, status.steps_per_epoch));
}

std::string Training(const RunStatus& status) {
  return !status.training
             ? ""
             : fmt::format("accuracy {}, loss {:.4f} in step {}",
                           Percent(status.training->accuracy), status.training->loss.value_or(0),
                           WithThousands(status.training->step));
}

std::string Holdout(const RunStatus& status) {
  if (!status.holdout) {
    return "";
  }
  std::string text = fmt::format("accuracy {} after step {}", Percent(status.holdout->accuracy),
                                 WithThousands(status.holdout->step));
  if (status.best && status.best->step != status.holdout->step) {
    text += fmt::format("; best {} after step {}", Percent(status.best->accuracy),
                        WithThousands(status.best->step));
  }
  return text;
}

std::string Speed(const RunStatus& status) {
  std::string text;
  if (status.images_per_second > 0) {
    text = fmt::format("{} images/s", WithThousands(std::llround(status.images_per_second)));
  }
  if (status.seconds_left) {
    text +=
        fmt::format("{}{} left", text.empty() ? "" : ", ", FormatDuration(*status.seconds_left));
  }
  return text;
}

std::string Ranks(const RunStatus& status) {
  if (status.attempts.empty()) {
    return "";
  }
  const AttemptRecord& attempt = status.attempts.back();
  return fmt::format("{}{} on {}", attempt.ranks,
                     attempt.threads == 0 ? ""
                                          : fmt::format(" of {} thread{} each", attempt.threads,
                                                        attempt.threads == 1 ? "" : "s"),
                     fmt::join(attempt.hosts, ", "));
}

std::string Attempts(const RunStatus& status) {
  if (status.attempts.empty()) {
    return "";
  }
  const size_t shown = std::min(status.attempts.size(), kMostAttemptsShown);
  const auto left_out =
      static_cast<int64_t>(status.attempts.size() - shown) + status.attempts_left_out;
  TextTable table({{.heading = "attempt"},
                   {.heading = "began"},
                   {.heading = "ranks", .align = Align::kRight},
                   {.heading = "nodes", .align = Align::kRight},
                   {.heading = "from step", .align = Align::kRight},
                   {.heading = "to step", .align = Align::kRight},
                   {.heading = "ended"},
                   {.heading = "started because"}});
  for (const AttemptRecord& attempt : std::span(status.attempts).last(shown)) {
    table.AddRow({AttemptName(attempt), FormatTime(attempt.started), WithThousands(attempt.ranks),
                  WithThousands(static_cast<int64_t>(attempt.hosts.size())),
                  WithThousands(attempt.from_step), WithThousands(attempt.step),
                  attempt.ended ? std::string(Name(attempt.outcome)) : "goes on", attempt.reason});
  }
  return fmt::format("\n{}{}", table.ToString(),
                     left_out == 0 ? "" : fmt::format("and {} before these\n", left_out));
}

}  // namespace

StatusReport ReportStatus(const fs::path& directory, int64_t now) {
  CheckRunDirectory(directory);
  StatusReport report{.directory = directory};
  const fs::path file = directory / "status.json";
  if (Exists(file)) {
    try {
      report.status = ReadStatus(file);
      report.age = std::max<int64_t>(0, now - report.status.updated);
      DeduceLoss(&report);
      return report;
    } catch (const storage::Error& error) {
      report.remarks.push_back(
          fmt::format("{}; this is what checkpoints and metrics say", error.what()));
    }
  } else {
    report.remarks.push_back(
        "there is no status.json: the run has just begun, or an older Lockstep made it; this is "
        "what "
        "checkpoints and metrics say");
  }
  ReadFiles(&report);
  return report;
}

nlohmann::ordered_json ToJson(const StatusReport& report) {
  nlohmann::ordered_json json{{"run_directory", report.directory.string()}};
  json.update(ToJson(report.status));
  if (report.age) {
    json["seconds_since_update"] = *report.age;
  }
  json["remarks"] = report.remarks;
  return json;
}

std::string ToText(const StatusReport& report) {
  const RunStatus& status = report.status;
  std::string text = Headline(report);
  AddLine("step", Progress(status), &text);
  AddLine("training", Training(status), &text);
  AddLine("hold-out", Holdout(status), &text);
  AddLine("test", status.test ? "accuracy " + Percent(status.test->accuracy) : "", &text);
  AddLine("speed", Speed(status), &text);
  AddLine(
      "checkpoint",
      status.checkpoint
          ? storage::CheckpointPath(report.directory / "checkpoints", *status.checkpoint).string()
          : "none yet",
      &text);
  AddLine("ranks", Ranks(status), &text);
  if (report.age) {
    AddLine(
        "updated",
        fmt::format("{} ago, by process {} on {}", Ago(*report.age), status.process, status.host),
        &text);
  }
  if (!status.attempts.empty()) {
    AddLine("error", status.attempts.back().error, &text);
  }
  for (const std::string& remark : report.remarks) {
    AddLine("note", remark, &text);
  }
  return text + Attempts(status);
}

}  // namespace lockstep
