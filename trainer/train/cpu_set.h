#pragma once

#include <string>
#include <vector>

namespace lockstep {

// Which CPUs this process may run on, ascending: what MPI or Slurm bound it to.
std::vector<int> AllowedCpus();

// Binds the calling thread to one CPU, or to several. Has no effect where the system refuses.
void PinThread(const std::vector<int>& cpus);

// How one rank's threads share the node's CPUs with the other ranks of the node.
struct ThreadPlan {
  int threads = 1;
  // For each thread the CPU to pin it to; empty where threads would have to share.
  std::vector<int> cpus;
  // All CPUs of this rank, those that the threads leave free too; empty like `cpus`.
  std::vector<int> rank_cpus;
  // What the user should know ("4 threads on 2 CPUs: ..."), empty if nothing.
  std::string warning;
};

struct ThreadRequest {
  int threads = 0;  // 0: as many as there are CPUs for
  std::vector<int> allowed;
  int sharers = 1;   // ranks of the node with the same CPUs, this one included
  int position = 0;  // of this rank among them
};

// A rank with CPUs of its own uses these; ranks that may all use the same ones, because nobody
// bound them, divide them evenly.
ThreadPlan PlanThreads(const ThreadRequest& request);

}  // namespace lockstep
