#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include "comm/communicator.h"
#include "trainer/base/exit_code.h"

namespace lockstep {

// Some rank failed, and every rank knows: all can end in good order, with the same exit code.
class FailedTogether : public std::runtime_error {
 public:
  FailedTogether(const std::string& what, ExitCode exit_code, bool here)
      : std::runtime_error(what), exit_code_(exit_code), here_(here) {}

  ExitCode exit_code() const { return exit_code_; }
  // True on the one rank that reports what(): the lowest that failed. On others, what() says which
  // one that is besides what it says.
  bool here() const { return here_; }

 private:
  ExitCode exit_code_;
  bool here_;
};

// The exit code that an exception leads to, and what to tell the user.
ExitCode ExitCodeOf(const std::exception& error);
std::string MessageOf(const std::exception& error);

// Collective. Runs `work` on this rank; if it throws on any rank, throws FailedTogether on all of
// them. `work` must not communicate. For everything that may fail on one rank alone while the
// others would wait for it: set-up, files, input.
void RunTogether(comm::Communicator* communicator, const std::function<void()>& work);

}  // namespace lockstep
