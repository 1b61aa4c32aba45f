#pragma once

#include <cstddef>
#include <memory>

#include "trainer/config/job.pb.h"
#include "trainer/optim/optimizer.h"
#include "trainer/optim/schedule.h"

namespace lockstep {

// The optimiser that a validated job describes, for `size` parameters, its slots zero.
std::unique_ptr<Optimizer> BuildOptimizer(const v1::Job& job, size_t size);

// The rate that the schedule multiplies.
double BaseLearningRate(const v1::Optimizer& optimizer);

ScheduleOptions ToScheduleOptions(const v1::Schedule& schedule);

}  // namespace lockstep
