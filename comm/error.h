#pragma once

#include <stdexcept>

namespace lockstep::comm {

// Another rank or the network failed. The text names the operation and this rank.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The program was started in a way that cannot work: the launcher started several tasks, but each
// is a world of its own.
class LaunchError : public Error {
 public:
  using Error::Error;
};

}  // namespace lockstep::comm
