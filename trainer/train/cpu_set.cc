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
  const int share = allowed / request.sharers;
  ThreadPlan plan;
  plan.threads = request.threads > 0 ? request.threads : std::max(1, share);
  if (plan.threads <= share) {
    const auto first = request.allowed.begin() + std::ptrdiff_t{request.position} * share;
    plan.cpus.assign(first, first + plan.threads);
    plan.rank_cpus.assign(first, first + share);
  } else {
    plan.warning = fmt::format(
        "{} thread{} in {}, but only {} CPU{}: they will share CPUs and slow each other down; use "
        "fewer ranks or a smaller --threads",
        plan.threads, plan.threads == 1 ? "" : "s",
        request.sharers == 1 ? "this rank" : fmt::format("each of {} ranks", request.sharers),
        allowed, allowed == 1 ? "" : "s");
  }
  return plan;
}

}  // namespace lockstep
