#pragma once

#include <string>

#include "trainer/nn/layer.h"

// What several layers check when they are built. All throw LayerError.

namespace lockstep {

// The layer takes exactly `count` inputs.
void CheckInputCount(const BuildContext& context, int count);

// The layer takes two or more inputs.
void CheckSeveralInputs(const BuildContext& context);

// Setting `field` has a value of at least `minimum`.
void CheckAtLeast(const std::string& field, int value, int minimum);

// A weight for each of `outputs`, the value of setting `field`, and each of `inputs` numbers: there
// are not more than an int can count.
void CheckWeightCount(const std::string& field, int outputs, int64_t inputs);

}  // namespace lockstep
