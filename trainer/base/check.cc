#include "trainer/base/check.h"

namespace lockstep::internal {

void FailCheck(const char* file, int line, std::string_view text) {
  throw CheckFailure(fmt::format("{}:{}: CHECK failed: {}", file, line, text));
}

}  // namespace lockstep::internal
