#include "trainer/cli/output.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace lockstep {

void PrintJson(const nlohmann::ordered_json& object) { PrintText(object.dump(2) + "\n"); }

void PrintText(const std::string& text) { std::fputs(text.c_str(), stdout); }

}  // namespace lockstep
