#pragma once

#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace lockstep::storage {

// A file or directory cannot be written, read or trusted. The text names it and says what would
// help.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Another process holds the lock of the run directory now: this one must end. Trying again is of no
// use.
class TakenOver : public Error {
 public:
  using Error::Error;
};

// The Error for a system call that failed with `error_number`: "PATH: cannot ACTION: REASON;
// REMEDY".
Error SystemError(const std::filesystem::path& path, std::string_view action, int error_number);

}  // namespace lockstep::storage
