#include "trainer/train/cpu_set.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>

namespace lockstep {

std::vector<int> AllowedCpus() {
  std::vector<int> allowed;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) {
        allowed.push_back(cpu);
      }
    }
  }
  return allowed;
}

void PinThread(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) {
    CPU_SET(cpu, &set);
  }
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

ThreadPlan PlanThreads(const ThreadRequest& request) {
  const int allowed = static_cast<int>(request.allowed.size());
  const bool bound = allowed < request.node_cpus;
  const int share = bound ? allowed : allowed / request.node_ranks;
  ThreadPlan plan;
  plan.threads = request.threads > 0 ? request.threads : std::max(1, share);
  if (plan.threads <= share) {
    const int first = bound ? 0 : request.node_rank * share;
    plan.cpus.assign(request.allowed.begin() + first,
                     request.allowed.begin() + first + plan.threads);
  } else {
    plan.warning = fmt::format(
        "{} thread{} in each of {} rank{} on a node, but only {} CPU{} for {}: they will share "
        "CPUs "
        "and slow each other down; use fewer ranks or a smaller --threads",
        plan.threads, plan.threads == 1 ? "" : "s", request.node_ranks,
        request.node_ranks == 1 ? "" : "s", allowed, allowed == 1 ? "" : "s",
        bound ? "this one" : "all of them");
  }
  return plan;
}

}  // namespace lockstep
