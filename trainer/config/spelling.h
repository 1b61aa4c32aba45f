#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

// The one of `names` that `misspelt` was most likely meant to be: few letters added, left out,
// exchanged or swapped, or one name within the other. Empty when none is near.
std::string Nearest(std::string_view misspelt, const std::vector<std::string>& names);

}  // namespace lockstep
