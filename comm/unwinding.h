#pragma once

#include <exception>

namespace lockstep::comm {

// Tells a destructor whether an exception is passing through its object's scope. Freeing a window
// or finalising MPI waits for the other ranks; they do not come when this rank alone has thrown,
// so it must leave such things behind and get to its Abort.
class Unwinding {
 public:
  // Whether an exception has been thrown since construction and is still on its way.
  bool operator()() const { return std::uncaught_exceptions() > exceptions_at_start_; }

 private:
  int exceptions_at_start_ = std::uncaught_exceptions();
};

}  // namespace lockstep::comm
