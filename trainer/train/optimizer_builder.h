#pragma once

#include <memory>

#include "trainer/config/job.pb.h"
#include "trainer/nn/loss.h"
#include "trainer/nn/parameters.h"
#include "trainer/optim/blocks.h"
#include "trainer/optim/clip.h"
#include "trainer/optim/optimizer.h"
#include "trainer/optim/schedule.h"

namespace lockstep {

// What optimisers know of a net's parameters: one block for each.
Blocks BlocksOf(const ParameterLayout& layout, const v1::Regularization& regularization);

// The optimiser that a validated job describes, its slots zero. No blocks: one that only says which
// slots it has.
std::unique_ptr<Optimizer> BuildOptimizer(const v1::Job& job, const Blocks& blocks);

LossKind ToLossKind(v1::Loss loss);

LossOptions ToLossOptions(const v1::Job& job);

// The rate that the optimiser states.
double BaseLearningRate(const v1::Optimizer& optimizer);

// The rate that the schedule multiplies: the base rate, scaled with the global batch if the job
// asks for that.
double ScaledLearningRate(const v1::Job& job);

ClipOptions ToClipOptions(const v1::Regularization& regularization);

ScheduleOptions ToScheduleOptions(const v1::Schedule& schedule);

}  // namespace lockstep
