#pragma once

#include <span>
#include <vector>

#include "trainer/nn/fusion.h"
#include "trainer/nn/net.h"

namespace lockstep {

// Consecutive stages through which a microbatch goes a slice of samples at a time: all of them for
// the first slice, then all of them for the next. What one stage writes is still in the
// second-level cache when the next one reads it.
struct StageRun {
  int first;  // stage
  int last;
  int slice;  // samples, but for the last slice; the largest microbatch where there is no gain
};

// Groups stages that work sample by sample where the values between them are too large for the
// cache. Every stage is in one run, in order. The same for the same stages and microbatch, always.
std::vector<StageRun> PlanRuns(const Net& net, std::span<const Stage> stages);

}  // namespace lockstep
