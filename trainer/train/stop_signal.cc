#include "trainer/train/stop_signal.h"

#include <array>
#include <atomic>
#include <csignal>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

constexpr std::array kSignals{SIGUSR1, SIGTERM, SIGINT};

// A signal handler can reach nothing but globals.
std::atomic<int> received_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);  // what a handler may touch
bool installed = false;
std::array<struct sigaction, kSignals.size()> former_actions;

void OnSignal(int number) {
  if (number == SIGINT && received_signal == SIGINT) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  received_signal = number;
}

}  // namespace

StopSignal::StopSignal() {
  CHECK(!installed);
  installed = true;
  received_signal = 0;
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;  // a write in progress goes on
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &action, &former_actions[i]);
  }
}

StopSignal::~StopSignal() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &former_actions[i], nullptr);
  }
  installed = false;
}

bool StopSignal::requested() const { return received_signal != 0; }

const char* StopSignal::name() const {
  switch (received_signal) {
    case SIGUSR1:
      return "SIGUSR1";
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    default:
      return "no signal";
  }
}

}  // namespace lockstep
