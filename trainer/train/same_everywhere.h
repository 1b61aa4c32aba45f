#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "comm/communicator.h"
#include "trainer/config/job.pb.h"

namespace lockstep {

// Ranks read their own job files and are their own builds: where nodes do not share a disk, a stale
// copy on one of them would make the ranks wait for each other for ever.

// Collective; before any other thing that ranks do together, because other builds may do other
// things. Throws FailedTogether unless all ranks run the build that rank 0 runs.
void CheckSameProgram(comm::Communicator* communicator);

// Collective. Throws FailedTogether unless every node sees rank 0's run directory: training itself
// does not need that, but a run that is started again, with rank 0 on another node, would silently
// begin from scratch. `lock_text`: what rank 0's lock says; the others' does not count. A network
// file system may show late what another node has written, so a node looks for up to `patience`.
void CheckSameDirectory(const std::filesystem::path& directory, const std::string& lock_text,
                        comm::Communicator* communicator,
                        std::chrono::milliseconds patience = std::chrono::seconds(5));

// Collective. Throws FailedTogether unless the effective job, from the file called `name`, is the
// same on all ranks.
void CheckSameJob(const v1::Job& job, const std::string& name, comm::Communicator* communicator);

// Collective. Warns of ranks that compute with another build or on another type of CPU than rank 0:
// the weights then depend on how the ranks are mixed.
void WarnOfOtherBuilds(comm::Communicator* communicator);

}  // namespace lockstep
