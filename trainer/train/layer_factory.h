#pragma once

#include <memory>

#include "trainer/config/model.pb.h"
#include "trainer/nn/layer.h"

namespace lockstep {

// The layer that a message of the job file describes, not built yet. REQUIRES a validated message
// with its defaults filled in.
std::unique_ptr<Layer> MakeLayer(const v1::Layer& message);

}  // namespace lockstep
