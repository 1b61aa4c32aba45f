#include "trainer/config/names.h"

#include <fmt/format.h>

namespace lockstep {

std::string CheckName(std::string_view name) {
  constexpr size_t kLongest = 100;
  constexpr std::string_view kAlphanumeric =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const auto is_alphanumeric = [&](char c) { return kAlphanumeric.find(c) != kAlphanumeric.npos; };
  if (name.empty()) {
    return "";  // reported as an empty or missing setting
  }
  if (name.size() > kLongest) {
    return fmt::format("must have at most {} characters, has {}", kLongest, name.size());
  }
  if (!is_alphanumeric(name.front())) {
    return fmt::format("must begin with a letter or a digit, is {}", name);
  }
  for (const char c : name) {
    if (!is_alphanumeric(c) && c != '.' && c != '_' && c != '-') {
      return fmt::format("must consist of letters, digits, '.', '_' and '-', is {}", name);
    }
  }
  return "";
}

}  // namespace lockstep
