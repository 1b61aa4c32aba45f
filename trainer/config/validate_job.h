#pragma once

#include "trainer/config/job.pb.h"
#include "trainer/config/problems.h"

namespace lockstep {

// Adds all that can be known to be wrong with a job without looking at its data: settings that are
// missing, out of range or contradict each other, and layers that do not make a network. `written`
// is the job before FillDefaults(), `effective` the same after it.
void ValidateJob(const v1::Job& written, const v1::Job& effective, Problems* problems);

// The parts of it.

// Each setting by itself: required ones are set, numbers are finite and within their limits, enums
// are known, strings are printable.
void ValidateSettings(const v1::Job& written, Problems* problems);

// Shorthands (`kernel` or `kernel_height` and `kernel_width`), and settings of one layer against
// each other.
void ValidateLayers(const v1::Model& written, Problems* problems);

// Names and inputs of the layers: a graph from `data` to the last layer that uses all of them.
void ValidateGraph(const v1::Model& effective, Problems* problems);

}  // namespace lockstep
