#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace lockstep {

// A broken invariant: a mistake in this program, never bad input. Ends the program with exit
// code 1.
class CheckFailure : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace internal {

[[noreturn]] void FailCheck(const char* file, int line, std::string_view text);

template <typename A, typename B>
[[noreturn]] void FailCheckOp(const char* file, int line, std::string_view text, const A& a,
                              const B& b) {
  FailCheck(file, line, fmt::format("{} ({} vs. {})", text, a, b));
}

}  // namespace internal
}  // namespace lockstep

// CHECK(condition) throws CheckFailure when `condition` is false.
#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) {                                                \
      ::lockstep::internal::FailCheck(__FILE__, __LINE__, #condition); \
    }                                                                  \
  } while (false)

#define LOCKSTEP_CHECK_OP(a, op, b)                                                        \
  do {                                                                                     \
    const auto& lockstep_a = (a);                                                          \
    const auto& lockstep_b = (b);                                                          \
    if (!(lockstep_a op lockstep_b)) {                                                     \
      ::lockstep::internal::FailCheckOp(__FILE__, __LINE__, #a " " #op " " #b, lockstep_a, \
                                        lockstep_b);                                       \
    }                                                                                      \
  } while (false)

// CHECK_EQ(a, b) and friends put both values into the message.
#define CHECK_EQ(a, b) LOCKSTEP_CHECK_OP(a, ==, b)
#define CHECK_LT(a, b) LOCKSTEP_CHECK_OP(a, <, b)
#define CHECK_LE(a, b) LOCKSTEP_CHECK_OP(a, <=, b)
#define CHECK_GT(a, b) LOCKSTEP_CHECK_OP(a, >, b)
#define CHECK_GE(a, b) LOCKSTEP_CHECK_OP(a, >=, b)
