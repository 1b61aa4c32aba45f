#pragma once

#include <stdexcept>

namespace lockstep {

// What went wrong decides the exit code (see exit_code.h). Every message names the place (file and
// field, or rank) and what would be right. comm::Error and storage::Error complete the set.

// The job file, a --set override, the command line or the environment is wrong.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The training or test data is missing or damaged.
class DataError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A gradient or the loss left the range of finite, representable numbers.
class DivergedError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Attempt after attempt has ended without getting any further, and this one would be the next.
class NoProgressError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace lockstep
