#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace lockstep {

// Every command has two ways to answer on standard output: text for people, or with --json one
// object and nothing else. Logs go to standard error either way.
void PrintJson(const nlohmann::ordered_json& object);
void PrintText(const std::string& text);

}  // namespace lockstep
