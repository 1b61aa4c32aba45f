#pragma once

#include <sched.h>

namespace lockstep::comm {

// Waits a moment: at first without giving the CPU away, for what takes a microsecond; later with,
// for what another process on this CPU must do.
class Patience {
 public:
  void Wait() {
    if (spins_ < kSpins) {
      ++spins_;
      __builtin_ia32_pause();
    } else {
      sched_yield();
    }
  }
  // Whether it gives the CPU away by now.
  bool exhausted() const { return spins_ == kSpins; }

 private:
  static constexpr int kSpins = 2000;
  int spins_ = 0;
};

}  // namespace lockstep::comm
