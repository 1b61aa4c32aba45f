#pragma once

#include <string>

#include "comm/communicator.h"
#include "trainer/config/job.pb.h"

namespace lockstep {

// Ranks read their own job files and are their own builds: where nodes do not share a disk, a stale
// copy on one of them would make the ranks wait for each other for ever.

// Collective. Throws FailedTogether unless the effective job, from the file called `name`, is the
// same on all ranks.
void CheckSameJob(const v1::Job& job, const std::string& name, comm::Communicator* communicator);

// Collective. Warns of ranks that compute with another build or on another type of CPU than rank 0:
// the weights then depend on how the ranks are mixed.
void WarnOfOtherBuilds(comm::Communicator* communicator);

}  // namespace lockstep
