#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

// How a run is getting on, as its status.json says it (status.md).

enum class RunState {
  kUnknown,  // of a directory without status.json
  kStarting,
  kTraining,
  kEvaluating,
  kSaving,
  kFinished,
  kStopped,  // by a signal, after saving
  kFailed,
  kGaveUp,  // before it began, because those before it had come to nothing
  kLost,    // ended without saying so; never in the file, but deduced by whoever reads it
};

// "training"
std::string_view Name(RunState state);
// Whether an attempt in this state has ended.
bool HasEnded(RunState state);

// One start of the program. Times are seconds since 1970, UTC.
struct AttemptRecord {
  std::string launch{};  // empty: started by hand
  int64_t number = 0;    // of the launch, from 1
  std::string reason{};  // why it was started again
  int64_t started = 0;
  int64_t ranks = 0;
  int64_t threads = 0;                     // of a rank; 0: not known yet
  std::vector<std::string> hosts{};        // in the order of their first ranks
  int64_t from_step = 0;                   // of the checkpoint that it began with; 0: anew
  int64_t step = 0;                        // how far it came
  std::optional<int64_t> ended{};          // of a lost one: when it was last heard of
  RunState outcome = RunState::kStarting;  // how it ended; REQUIRES ended
  std::string error{};                     // of a failed one
};

// Over the samples of one step, or of an evaluation.
struct Measurement {
  int64_t step = 0;
  double accuracy = 0;  // 0 to 1
  std::optional<double> loss{};
};

struct RunStatus {
  std::string name{};  // the job's
  RunState state = RunState::kUnknown;
  int64_t step = 0;  // updates done
  int64_t total_steps = 0;
  int64_t steps_per_epoch = 0;   // like total_steps 0 where it is not known
  double images_per_second = 0;  // lately, of training alone; 0: not known
  std::optional<double> seconds_left{};
  std::optional<Measurement> training{};
  std::optional<Measurement> holdout{};
  std::optional<Measurement> best{};
  std::optional<Measurement> test{};
  std::optional<int64_t> checkpoint{};  // the step of the newest one
  int64_t updated = 0;
  std::string host{};  // of rank 0
  int64_t process = 0;
  int64_t attempts_left_out = 0;  // before those that are kept
  std::vector<AttemptRecord> attempts{};
};

// What status.json holds.
nlohmann::ordered_json ToJson(const RunStatus& status);

// The reverse; `file` is for the message. Throws storage::Error where `text` is something else.
RunStatus ParseStatus(std::string_view text, const std::string& file);
RunStatus ReadStatus(const std::filesystem::path& file);

// "2026-11-21T21:45:55Z"
std::string FormatTime(int64_t seconds);

// Seconds since 1970.
int64_t Now();

}  // namespace lockstep
