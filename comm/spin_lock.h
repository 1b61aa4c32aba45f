#pragma once

#include <atomic>

#include "comm/patience.h"

namespace lockstep::comm {

// A lock between threads, for a few microseconds at a time.
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
  std::atomic<bool> locked_ = false;
};

}  // namespace lockstep::comm
