#pragma once

namespace lockstep {

// USR1, TERM and INT ask the run to save and stop. The handler only sets a flag; the training loop
// looks at it between steps and the ranks agree on the step at which all of them stop. A second INT
// ends the process at once, as a person at a terminal expects.
class StopSignal {
 public:
  // Installs the handlers; the destructor puts the former ones back. One at a time.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // True once this process got one of the signals.
  bool requested() const;
  // The signal's name ("SIGUSR1") after requested() was true.
  const char* name() const;
};

}  // namespace lockstep
