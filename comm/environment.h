#pragma once

#include "comm/unwinding.h"

namespace lockstep::comm {

// MPI from its start to its end: one object in main, made and destroyed by the main thread, around
// everything that communicates.
class Environment {
 public:
  // Throws Error when MPI cannot start with threads of which only the main one communicates.
  Environment();
  // Waits for the other ranks; but not while an exception passes, for then they may never come.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  Unwinding unwinding_;
};

}  // namespace lockstep::comm
