#pragma once

#include <string>

namespace lockstep {

// What the linker has made of the program's contents, in hexadecimal: two programs with the same
// one are the same build. Empty if the linker was told to leave it out.
std::string BuildId();

}  // namespace lockstep
