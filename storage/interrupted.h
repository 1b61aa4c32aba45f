#pragma once

#include <cerrno>

namespace lockstep::storage {

// Calls `function`, a system call that says -1 when it fails, again for as long as a signal
// interrupts it.
template <typename Function>
auto RetryIfInterrupted(Function function) {
  auto result = function();
  while (result < 0 && errno == EINTR) {
    result = function();
  }
  return result;
}

}  // namespace lockstep::storage
