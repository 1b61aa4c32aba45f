#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

namespace lockstep {

// Every command has two ways to answer on standard output: text for people, or with --json one
// object and nothing else. Logs go to standard error either way.

inline void PrintJson(const nlohmann::ordered_json& object) {
  std::fputs((object.dump(2) + "\n").c_str(), stdout);
}

inline void PrintText(const std::string& text) { std::fputs(text.c_str(), stdout); }

}  // namespace lockstep
