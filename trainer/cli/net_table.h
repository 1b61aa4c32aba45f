#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "trainer/nn/net.h"

namespace lockstep {

// A network as a table: layer, kind, output shape, parameters, floating-point operations, how
// convolutions compute, and what windows leave out. `summary` and `check` show it.
std::string NetTable(const Net& net);
nlohmann::ordered_json NetJson(const Net& net);

}  // namespace lockstep
