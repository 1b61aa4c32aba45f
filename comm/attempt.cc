#include "comm/attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "comm/error.h"

namespace lockstep::comm {
namespace {

constexpr const char* kLaunch = "LOCKSTEP_LAUNCH";
constexpr const char* kAttempt = "LOCKSTEP_ATTEMPT";
constexpr const char* kReason = "LOCKSTEP_RESTART_REASON";

constexpr size_t kLongestLaunch = 200;
constexpr size_t kLongestReason = 500;
constexpr int64_t kMostAttempts = 1'000'000;

bool IsLaunchName(std::string_view name) {
  const auto allowed = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
  };
  return !name.empty() && name.size() <= kLongestLaunch && std::ranges::all_of(name, allowed);
}

int64_t ParseAttempt(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 ||
      number > kMostAttempts) {
    throw LaunchError(fmt::format(
        "{}: must be a number from 1 to {}, which counts the starts of the launch; is \"{}\"",
        kAttempt, kMostAttempts, text));
  }
  return number;
}

// Whatever a script has put there, as one line: a run must not fail for it.
std::string OneLine(std::string_view text) {
  std::string line(text.substr(0, kLongestReason));
  std::ranges::replace_if(
      line,
      [](char letter) { return static_cast<unsigned char>(letter) < ' ' || letter == '\x7f'; },
      ' ');
  const size_t first = line.find_first_not_of(' ');
  const size_t last = line.find_last_not_of(' ');
  return first == std::string::npos ? "" : line.substr(first, last - first + 1);
}

}  // namespace

Attempt ReadAttempt(const GetEnv& get_env) {
  const auto text = [&](const char* name) -> std::string_view {
    const char* const value = get_env(name);
    return value == nullptr ? "" : value;
  };
  const std::string_view launch = text(kLaunch);
  const std::string_view attempt = text(kAttempt);
  if (launch.empty() && attempt.empty()) {
    return {};
  }
  if (!IsLaunchName(launch)) {
    throw LaunchError(
        fmt::format("{}: must be a name of up to {} letters, digits, dots, dashes and underscores "
                    "that no other launch has, beside {}; is \"{}\"",
                    kLaunch, kLongestLaunch, kAttempt, launch));
  }
  return {.launch = std::string(launch),
          .number = ParseAttempt(attempt),
          .reason = OneLine(text(kReason))};
}

Attempt ReadAttempt() {
  return ReadAttempt([](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace lockstep::comm
