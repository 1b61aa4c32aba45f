#pragma once

#include <string>

#include "trainer/config/setting.pb.h"

namespace lockstep {

// What is wrong with a setting's number, which must be finite and within the setting's limits:
// "must be at least 1, is 0". Empty if nothing is.
std::string CheckNumber(double value, const v1::Setting& limits);

}  // namespace lockstep
