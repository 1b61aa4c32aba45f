#pragma once

#include <string>
#include <string_view>

namespace lockstep {

// What is wrong with a name that becomes that of a file or of a group in one; empty if nothing is.
std::string CheckName(std::string_view name);

}  // namespace lockstep
