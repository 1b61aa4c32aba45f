#pragma once

#include <cstdint>
#include <string>

#include "comm/launch.h"

namespace lockstep::comm {

// Which start of the program this is, as whoever starts it says. A launch (a batch job, or one run
// of a script that restarts what fails) starts the same command again and again; each start is an
// attempt.
struct Attempt {
  std::string launch{};  // unique in the world: "slurm-17"; empty: started by hand
  int64_t number = 0;    // from 1
  std::string reason{};  // why there is a new attempt, for people; one line; may be empty
};

// From $LOCKSTEP_LAUNCH, $LOCKSTEP_ATTEMPT and $LOCKSTEP_RESTART_REASON. Throws LaunchError that
// names the variable which is malformed, or missing beside another one.
Attempt ReadAttempt(const GetEnv& get_env);
Attempt ReadAttempt();

}  // namespace lockstep::comm
