#include "trainer/train/same_everywhere.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <vector>

#include "trainer/base/error.h"
#include "trainer/config/job_file.h"
#include "trainer/train/together.h"
#include "trainer/train/training_state.h"

namespace lockstep {

void CheckSameJob(const v1::Job& job, const std::string& name, comm::Communicator* communicator) {
  const std::string own = EffectiveText(job);
  const std::string first = communicator->Broadcast(own);
  RunTogether(communicator, [&] {
    if (own != first) {
      throw ConfigError(
          fmt::format("{}: says another job than it does to rank 0 ({}); give all ranks the same "
                      "file and the same --set",
                      name, communicator->host_names()[0]));
    }
  });
}

void WarnOfOtherBuilds(comm::Communicator* communicator) {
  std::string own;
  for (const auto& [key, value] : DescribeBuild()) {
    own += fmt::format("{}{} \"{}\"", own.empty() ? "" : ", ", key, value);
  }
  const std::vector<std::string> builds = communicator->AllGather(own);
  for (size_t rank = 0; rank < builds.size() && communicator->rank() == 0; ++rank) {
    if (builds[rank] != builds[0]) {
      spdlog::warn(
          "warning: rank {} ({}) computes with {}, rank 0 with {}: the weights will depend on "
          "which rank computes what; use nodes with the same CPUs and the same program",
          rank, communicator->host_names()[rank], builds[rank], builds[0]);
      return;
    }
  }
}

}  // namespace lockstep
