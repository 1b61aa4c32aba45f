#include "trainer/train/run_status.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "storage/atomic_file.h"
#include "storage/error.h"
#include "trainer/base/divide.h"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kFormat = 1;
constexpr std::array<std::string_view, 10> kStateNames{
    "unknown",  "starting", "training", "evaluating", "saving",
    "finished", "stopped",  "failed",   "gave up",    "lost"};

static_assert(kStateNames[static_cast<size_t>(RunState::kLost)] == "lost");

RunState ParseState(const std::string& name) {
  const auto* const found = std::ranges::find(kStateNames, name);
  return found == kStateNames.end() ? RunState::kUnknown
                                    : static_cast<RunState>(found - kStateNames.begin());
}

int64_t ParseTime(const std::string& text) {
  std::tm parts{};
  const char* const end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') {
    throw storage::Error(fmt::format("\"{}\" is no time", text));
  }
  return timegm(&parts);
}

Json ToJson(const Measurement& measurement) {
  Json json{{"step", measurement.step}, {"accuracy", measurement.accuracy}};
  if (measurement.loss) {
    json["loss"] = *measurement.loss;
  }
  return json;
}

Json ToJson(const AttemptRecord& attempt) {
  Json json = Json::object();
  if (!attempt.launch.empty()) {
    json["launch"] = attempt.launch;
    json["attempt"] = attempt.number;
  }
  if (!attempt.reason.empty()) {
    json["reason"] = attempt.reason;
  }
  json["started"] = FormatTime(attempt.started);
  json["ranks"] = attempt.ranks;
  if (attempt.threads > 0) {
    json["threads"] = attempt.threads;
  }
  json["hosts"] = attempt.hosts;
  json["from_step"] = attempt.from_step;
  json["step"] = attempt.step;
  if (attempt.ended) {
    json["ended"] = FormatTime(*attempt.ended);
    json["outcome"] = Name(attempt.outcome);
  }
  if (!attempt.error.empty()) {
    json["error"] = attempt.error;
  }
  return json;
}

// The value of a key that may be missing.
template <typename Value>
Value Get(const Json& json, const char* key, Value otherwise) {
  const auto found = json.find(key);
  return found == json.end() ? otherwise : found->get<Value>();
}

Measurement ParseMeasurement(const Json& json) {
  Measurement measurement{.step = json.at("step"), .accuracy = json.at("accuracy")};
  if (json.contains("loss")) {
    measurement.loss = json["loss"].get<double>();
  }
  return measurement;
}

void ParseMeasurement(const Json& json, const char* key, std::optional<Measurement>* measurement) {
  if (json.contains(key)) {
    *measurement = ParseMeasurement(json[key]);
  }
}

AttemptRecord ParseAttempt(const Json& json) {
  AttemptRecord attempt{.launch = Get<std::string>(json, "launch", ""),
                        .number = Get<int64_t>(json, "attempt", 0),
                        .reason = Get<std::string>(json, "reason", ""),
                        .started = ParseTime(json.at("started")),
                        .ranks = json.at("ranks"),
                        .threads = Get<int64_t>(json, "threads", 0),
                        .hosts = json.at("hosts"),
                        .from_step = json.at("from_step"),
                        .step = json.at("step")};
  if (json.contains("ended")) {
    attempt.ended = ParseTime(json["ended"]);
    attempt.outcome = ParseState(json.at("outcome"));
  }
  attempt.error = Get<std::string>(json, "error", "");
  return attempt;
}

RunStatus ParseStatus(const Json& json) {
  if (json.at("format").get<int64_t>() > kFormat) {
    throw storage::Error("is of a newer format; use the newer Lockstep that wrote it");
  }
  RunStatus status{.name = json.at("name"), .state = ParseState(json.at("state"))};
  status.step = json.at("step");
  status.total_steps = Get<int64_t>(json, "total_steps", 0);
  status.steps_per_epoch = Get<int64_t>(json, "steps_per_epoch", 0);
  if (status.total_steps > 0 && status.steps_per_epoch < 1) {
    throw storage::Error("has total_steps, but no steps_per_epoch");
  }
  status.images_per_second = Get<double>(json, "images_per_second", 0);
  if (json.contains("seconds_left")) {
    status.seconds_left = json["seconds_left"].get<double>();
  }
  ParseMeasurement(json, "training", &status.training);
  ParseMeasurement(json, "holdout", &status.holdout);
  ParseMeasurement(json, "best", &status.best);
  ParseMeasurement(json, "test", &status.test);
  if (json.contains("checkpoint")) {
    status.checkpoint = json["checkpoint"].at("step").get<int64_t>();
  }
  status.updated = ParseTime(json.at("updated"));
  status.host = json.at("host");
  status.process = json.at("process");
  status.attempts_left_out = Get<int64_t>(json, "attempts_left_out", 0);
  for (const Json& attempt : json.at("attempts")) {
    status.attempts.push_back(ParseAttempt(attempt));
  }
  return status;
}

void AddProgress(const RunStatus& status, Json* json) {
  (*json)["step"] = status.step;
  if (status.total_steps > 0) {
    (*json)["total_steps"] = status.total_steps;
    (*json)["epoch"] = DivideUp(status.step, status.steps_per_epoch);
    (*json)["epochs"] = DivideUp(status.total_steps, status.steps_per_epoch);
    (*json)["steps_per_epoch"] = status.steps_per_epoch;
  }
  if (status.images_per_second > 0) {
    (*json)["images_per_second"] = status.images_per_second;
  }
  if (status.seconds_left) {
    (*json)["seconds_left"] = *status.seconds_left;
  }
}

}  // namespace

std::string_view Name(RunState state) { return kStateNames[static_cast<size_t>(state)]; }

bool HasEnded(RunState state) {
  return state == RunState::kFinished || state == RunState::kStopped ||
         state == RunState::kFailed || state == RunState::kGaveUp || state == RunState::kLost;
}

Json ToJson(const RunStatus& status) {
  Json json{{"format", kFormat}, {"name", status.name}, {"state", Name(status.state)}};
  AddProgress(status, &json);
  const auto add = [&json](const char* key, const std::optional<Measurement>& measurement) {
    if (measurement) {
      json[key] = ToJson(*measurement);
    }
  };
  add("training", status.training);
  add("holdout", status.holdout);
  add("best", status.best);
  add("test", status.test);
  if (status.checkpoint) {
    json["checkpoint"] = {{"step", *status.checkpoint},
                          {"path", fmt::format("checkpoints/step-{:08}.h5", *status.checkpoint)}};
  }
  if (!status.attempts.empty()) {
    json["ranks"] = status.attempts.back().ranks;
    json["threads"] = status.attempts.back().threads;
    json["hosts"] = status.attempts.back().hosts;
  }
  if (status.updated > 0) {
    json["updated"] = FormatTime(status.updated);
    json["host"] = status.host;
    json["process"] = status.process;
  }
  if (status.attempts_left_out > 0) {
    json["attempts_left_out"] = status.attempts_left_out;
  }
  json["attempts"] = Json::array();
  for (const AttemptRecord& attempt : status.attempts) {
    json["attempts"].push_back(ToJson(attempt));
  }
  return json;
}

RunStatus ParseStatus(std::string_view text, const std::string& file) {
  try {
    return ParseStatus(Json::parse(text));
  } catch (const storage::Error& error) {
    throw storage::Error(fmt::format("{}: {}", file, error.what()));
  } catch (const Json::exception& error) {
    throw storage::Error(
        fmt::format("{}: is not what Lockstep has written: {}", file, error.what()));
  }
}

RunStatus ReadStatus(const std::filesystem::path& file) {
  const std::vector<std::byte> bytes = storage::ReadFile(file);
  return ParseStatus({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file.string());
}

std::string FormatTime(int64_t seconds) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

int64_t Now() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

}  // namespace lockstep
