#include "trainer/train/status_keeper.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

#include "storage/checkpoint_directory.h"
#include "storage/error.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

constexpr std::chrono::seconds kInterval{10};
constexpr double kEnoughToMeasure = 1;  // seconds of training that say something about speed
constexpr double kEnoughToForget = 10;  // and those after which a new measurement begins
constexpr size_t kMostAttempts = 200;
constexpr size_t kLongestError = 2000;

std::string HostName() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

double SecondsBetween(std::chrono::steady_clock::time_point begin,
                      std::chrono::steady_clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

// What earlier attempts have left. Training does not depend on it.
RunStatus ReadEarlier(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return {};
  }
  try {
    return ReadStatus(file);
  } catch (const storage::Error& error) {
    spdlog::warn("warning: {}; it is written anew, without the attempts so far", error.what());
    return {};
  }
}

// The attempts of a launch that have come to nothing, one after the other, the last one first.
// Those that gave up for that reason tell nothing new.
std::vector<const AttemptRecord*> AttemptsInVain(std::span<const AttemptRecord> attempts,
                                                 const std::string& launch, int64_t step) {
  std::vector<const AttemptRecord*> in_vain;
  // NOLINTNEXTLINE(modernize-loop-convert): clang cannot compile views of g++ 12's library
  for (auto each = attempts.rbegin(); each != attempts.rend(); ++each) {
    const AttemptRecord& attempt = *each;
    if (attempt.outcome == RunState::kGaveUp && attempt.launch == launch) {
      continue;
    }
    if (attempt.launch != launch || attempt.from_step != step ||
        (attempt.outcome != RunState::kFailed && attempt.outcome != RunState::kLost)) {
      break;
    }
    in_vain.push_back(&attempt);
  }
  return in_vain;
}

// Of a past that this attempt does not go on from.
void DropIfAfter(int64_t step, std::optional<Measurement>* measurement) {
  if (*measurement && (*measurement)->step > step) {
    measurement->reset();
  }
}

}  // namespace

StatusKeeper::StatusKeeper(storage::RunDirectory* directory, const std::string& name,
                           const AttemptRecord& attempt)
    : directory_(*directory), status_(ReadEarlier(directory->Status())) {
  std::vector<AttemptRecord>& attempts = status_.attempts;
  if (!attempts.empty() && !attempts.back().ended) {
    attempts.back().ended = status_.updated;
    attempts.back().outcome = RunState::kLost;
  }
  if (attempts.size() >= kMostAttempts) {
    const auto too_many = static_cast<std::ptrdiff_t>(attempts.size() - kMostAttempts + 1);
    attempts.erase(attempts.begin(), attempts.begin() + too_many);
    status_.attempts_left_out += too_many;
  }
  attempts.push_back(attempt);
  status_.name = name;
  status_.state = RunState::kStarting;
  status_.host = HostName();
  status_.process = getpid();
  status_.images_per_second = 0;
  const auto checkpoints = storage::ListCheckpoints(directory_.Checkpoints());
  status_.checkpoint.reset();
  if (!checkpoints.empty()) {
    status_.checkpoint = checkpoints.back().step;
  }
  status_.step = this->attempt().from_step = newest_checkpoint();
  Write();
}

bool StatusKeeper::LaunchHasSaved() const {
  const std::vector<AttemptRecord>& attempts = status_.attempts;
  const std::string& launch = attempts.back().launch;
  const auto first =
      std::find_if(attempts.begin(), attempts.end() - 1, [&](const AttemptRecord& each) {
        const bool has_begun = each.threads > 0;
        return has_begun && each.launch == launch;
      });
  return !launch.empty() && first != attempts.end() - 1 && newest_checkpoint() > first->from_step;
}

void StatusKeeper::CheckProgress(int64_t step, int64_t most) {
  const std::string launch = attempt().launch;
  const auto in_vain =
      AttemptsInVain(std::span(status_.attempts).first(status_.attempts.size() - 1), launch, step);
  if (most == 0 || std::ssize(in_vain) < most) {
    return;
  }
  const AttemptRecord& last = *in_vain.front();
  const std::string message = fmt::format(
      "{0}: gives up: the last {1} attempt{2}{3} began after step {4}, as this one would, and "
      "saved "
      "nothing newer (the last one: {5}); `lockstep status {0}` tells of each; remove the cause, "
      "then start the run anew{6}",
      directory_.path().string(), in_vain.size(), in_vain.size() == 1 ? "" : "s",
      launch.empty() ? "" : " of launch " + launch, step,
      last.error.empty() ? std::string(Name(last.outcome)) : last.error,
      launch.empty() ? " with --give-up-after 0" : ", by a new launch or with --give-up-after 0");
  End(RunState::kGaveUp, message);
  throw NoProgressError(message);
}

void StatusKeeper::Begin(const AttemptBeginning& beginning) {
  status_.step = attempt().from_step = beginning.step;
  status_.total_steps = beginning.total_steps;
  status_.steps_per_epoch = beginning.steps_per_epoch;
  attempt().threads = beginning.threads;
  for (auto* measurement : {&status_.training, &status_.holdout, &status_.best, &status_.test}) {
    DropIfAfter(beginning.step, measurement);
  }
  samples_seen_ = measured_samples_ = beginning.samples_seen;
  began_ = Clock::now();
  Train();
  Write();
}

void StatusKeeper::OnStep(const Measurement& training, int64_t samples_seen) {
  if (status_.state != RunState::kTraining) {
    Train();  // after a save that has failed
  }
  status_.training = training;
  status_.step = training.step;
  samples_seen_ = samples_seen;
  OnStillAlive();
}

void StatusKeeper::OnEvaluating() { Pause(RunState::kEvaluating); }

void StatusKeeper::OnHoldout(const Measurement& holdout, const Measurement& best) {
  status_.holdout = holdout;
  status_.best = best;
  Train();
  Write();
}

void StatusKeeper::OnTest(const Measurement& test) { status_.test = test; }

void StatusKeeper::OnSaving() { Pause(RunState::kSaving); }

void StatusKeeper::OnSaved(int64_t step) {
  status_.checkpoint = step;
  Train();
  Write();
}

void StatusKeeper::OnStillAlive() {
  if (Clock::now() - last_write_ >= kInterval) {
    Write();
  }
}

void StatusKeeper::End(RunState outcome, const std::string& error) {
  if (attempt().ended) {
    return;
  }
  attempt().ended = Now();
  attempt().outcome = outcome;
  attempt().error = error.substr(0, kLongestError);
  Pause(outcome);
}

void StatusKeeper::Train() {
  status_.state = RunState::kTraining;
  train_began_ = Clock::now();
}

// Leaves the steps for something else.
void StatusKeeper::Pause(RunState state) {
  MeasureSpeed(Clock::now());
  status_.state = state;
  Write();
}

void StatusKeeper::MeasureSpeed(Clock::time_point now) {
  if (status_.state != RunState::kTraining) {
    return;
  }
  train_seconds_ += SecondsBetween(train_began_, now);
  train_began_ = now;
  const auto samples = static_cast<double>(samples_seen_ - measured_samples_);
  if (samples > 0 && (train_seconds_ >= kEnoughToMeasure || status_.images_per_second == 0)) {
    status_.images_per_second = samples / train_seconds_;
  }
  if (train_seconds_ >= kEnoughToForget) {
    measured_samples_ = samples_seen_;
    train_seconds_ = 0;
  }
}

void StatusKeeper::Write() {
  const Clock::time_point now = Clock::now();
  MeasureSpeed(now);
  const int64_t done = status_.step - attempt().from_step;
  status_.seconds_left.reset();
  if (done > 0 && !HasEnded(status_.state)) {
    status_.seconds_left = SecondsBetween(began_, now) / static_cast<double>(done) *
                           static_cast<double>(status_.total_steps - status_.step);
  }
  status_.updated = Now();
  attempt().step = status_.step;
  last_write_ = now;
  try {
    directory_.WriteStatus(
        ToJson(status_).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  } catch (const storage::TakenOver&) {
    throw;
  } catch (const storage::Error& error) {
    if (!std::exchange(warned_, true)) {
      spdlog::error("warning: {}; `lockstep status` will know less; training goes on",
                    error.what());
    }
  }
}

}  // namespace lockstep
