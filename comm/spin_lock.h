#pragma once

#include <sched.h>

#include <atomic>

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

// A lock for memory that several processes share, for a few microseconds at a time. All zeros:
// open.
class SpinLock {
 public:
  void lock() {
    Patience patience;
    while (locked_.exchange(true, std::memory_order_acquire)) {
      patience.Wait();
    }
  }
  void unlock() { locked_.store(false, std::memory_order_release); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free, "other processes see no lock of a library");
  std::atomic<bool> locked_ = false;
};

}  // namespace lockstep::comm
