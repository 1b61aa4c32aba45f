#pragma once

namespace lockstep {

// What the program returns. Job scripts rely on these numbers: never renumber.
enum class ExitCode {
  kDone = 0,
  kInternalError = 1,
  kUsage = 2,       // command line, environment or job file
  kData = 3,        // training or test data
  kStorage = 4,     // checkpoint, metrics or run directory
  kDiverged = 5,    // a loss or gradient was not finite
  kPeerFailed = 6,  // another rank or the network failed; or attempts fail again and again
  kStopped = 75,    // stopped by a signal after saving: run again to resume (EX_TEMPFAIL)
};

}  // namespace lockstep
