#include "trainer/cli/output.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace lockstep {

// Paths, and what others have written into files, may be no UTF-8; JSON must be.
void PrintJson(const nlohmann::ordered_json& object) {
  PrintText(object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void PrintText(const std::string& text) { std::fputs(text.c_str(), stdout); }

}  // namespace lockstep
