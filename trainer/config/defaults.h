#pragma once

#include "trainer/config/job.pb.h"

namespace lockstep {

// Writes every default into the settings that are not set: those of the (setting) brackets, names
// and inputs of layers, and those that depend on other settings. Shorthands become what they stand
// for: `kernel` becomes `kernel_height` and `kernel_width`. Fill in twice and nothing more changes.
// What has no default stays unset.
void FillDefaults(v1::Job* job);

// Whether any samples are to be held out; a fraction may still come to none. REQUIRES defaults
// filled in.
bool HoldsOut(const v1::Holdout& holdout);

}  // namespace lockstep
