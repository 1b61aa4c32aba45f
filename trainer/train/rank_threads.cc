#include "trainer/train/rank_threads.h"

#include <spdlog/spdlog.h>

#include <thread>

#include "trainer/train/together.h"

namespace lockstep {
namespace {

ThreadPlan Plan(int threads, const comm::Communicator& communicator) {
  ThreadPlan plan = PlanThreads({.threads = threads,
                                 .node_rank = communicator.node_rank(),
                                 .node_ranks = communicator.node_size(),
                                 .node_cpus = static_cast<int>(std::thread::hardware_concurrency()),
                                 .allowed = AllowedCpus()});
  if (!plan.warning.empty() && communicator.node_rank() == 0) {
    spdlog::warn("warning: {}: {}", communicator.HostName(), plan.warning);
  }
  return plan;
}

}  // namespace

RankThreads::RankThreads(int threads, comm::Communicator* communicator)
    : plan_(Plan(threads, *communicator)) {
  RunTogether(communicator, [&] {
    workers_ = std::make_unique<WorkerPool>(plan_.threads, [this](int worker) {
      if (!plan_.cpus.empty()) {
        PinThread({plan_.cpus[worker]});
      }
    });
  });
}

}  // namespace lockstep
