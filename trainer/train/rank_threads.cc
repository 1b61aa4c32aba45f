#include "trainer/train/rank_threads.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <string>
#include <vector>

#include "trainer/train/together.h"

namespace lockstep {
namespace {

// Collective.
ThreadPlan Plan(int threads, comm::Communicator* communicator) {
  ThreadRequest request{.threads = threads, .allowed = AllowedCpus(), .sharers = 0};
  const std::string own =
      fmt::format("{}: {}", communicator->HostName(), fmt::join(request.allowed, ","));
  const std::vector<std::string> all = communicator->AllGather(own);
  for (int rank = 0; rank < communicator->size(); ++rank) {
    if (all[rank] == own) {
      request.position += rank < communicator->rank() ? 1 : 0;
      ++request.sharers;
    }
  }
  ThreadPlan plan = PlanThreads(request);
  if (!plan.warning.empty() && request.position == 0) {
    spdlog::warn("warning: {}: {}", communicator->HostName(), plan.warning);
  }
  return plan;
}

}  // namespace

RankThreads::RankThreads(int threads, comm::Communicator* communicator)
    : plan_(Plan(threads, communicator)) {
  RunTogether(communicator, [&] {
    workers_ = std::make_unique<WorkerPool>(plan_.threads, [this](int worker) {
      if (!plan_.cpus.empty()) {
        PinThread({plan_.cpus[worker]});
      }
    });
  });
}

bool RankThreads::LoadsAhead() const {
  return plan_.threads > 1 || static_cast<int>(plan_.rank_cpus.size()) > plan_.threads;
}

void RankThreads::PlaceLoader() const {
  if (!plan_.rank_cpus.empty()) {
    PinThread(plan_.rank_cpus);
  }
}

}  // namespace lockstep
