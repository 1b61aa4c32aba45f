#include "trainer/report/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>

#include "trainer/base/divide.h"
#include "trainer/report/table.h"

namespace lockstep {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{200};
constexpr std::chrono::seconds kLogInterval{5};

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::string FormatDuration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  const int64_t hours = whole / 3600;
  const int64_t minutes = whole / 60 % 60;
  if (hours > 0) {
    return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  }
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string FormatProgress(const ProgressLine& line) {
  const int64_t per_epoch = line.plan.steps_per_epoch;
  const int64_t epochs = DivideUp(line.plan.total_steps, per_epoch);
  const int64_t epoch = DivideUp(line.step, per_epoch);
  return fmt::format(
      "epoch {}/{}  step {}/{}  loss {:.4f}  accuracy {:.2f} %  {} images/s  {} left", epoch,
      epochs, line.step, line.plan.total_steps, line.loss, 100 * line.accuracy,
      WithThousands(std::llround(line.images_per_second)), FormatDuration(line.seconds_left));
}

ProgressReporter::ProgressReporter(std::FILE* out, ProgressPlan plan, int64_t first_step)
    : out_(out),
      terminal_(isatty(fileno(out)) != 0),
      plan_(plan),
      window_first_step_(first_step),
      window_start_(Clock::now()),
      last_line_(window_start_) {}

ProgressReporter::~ProgressReporter() { Finish(); }

void ProgressReporter::OnStep(int64_t step, int64_t samples, double loss_sum, int64_t correct) {
  samples_ += samples;
  loss_sum_ += loss_sum;
  correct_ += correct;
  const Clock::time_point now = Clock::now();
  const auto interval = terminal_ ? Clock::duration(kTerminalInterval) : kLogInterval;
  if (now - last_line_ < interval && step != plan_.total_steps) {
    return;
  }
  const double seconds = Seconds(now - window_start_);
  const auto seen = static_cast<double>(samples_);
  const double pace = seconds / static_cast<double>(step - window_first_step_);
  // Smoothed, so that the time left does not flicker.
  seconds_per_step_ = seconds_per_step_ == 0 ? pace : 0.8 * seconds_per_step_ + 0.2 * pace;
  const std::string text = FormatProgress(
      {.step = step,
       .plan = plan_,
       .loss = loss_sum_ / seen,
       .accuracy = static_cast<double>(correct_) / seen,
       .images_per_second = seen / seconds,
       .seconds_left = seconds_per_step_ * static_cast<double>(plan_.total_steps - step)});
  // On a terminal: back to the line's start, clear it, write it anew.
  fmt::print(out_, "{}{}{}", terminal_ ? "\r\033[K" : "", text, terminal_ ? "" : "\n");
  std::fflush(out_);
  line_open_ = terminal_;
  last_line_ = now;
  Restart(step);
}

void ProgressReporter::Restart(int64_t step) {
  window_first_step_ = step;
  window_start_ = Clock::now();
  samples_ = 0;
  loss_sum_ = 0;
  correct_ = 0;
}

void ProgressReporter::Finish() {
  if (line_open_) {
    fmt::print(out_, "\n");
    std::fflush(out_);
    line_open_ = false;
  }
}

}  // namespace lockstep
