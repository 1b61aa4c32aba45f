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
  // What the user should know ("4 threads on 2 CPUs: ..."), empty if nothing.
  std::string warning;
};

struct ThreadRequest {
  int threads = 0;     // 0: as many as there are CPUs for
  int node_rank = 0;   // this rank among those of its node
  int node_ranks = 1;  // ranks on this node
  int node_cpus = 1;   // CPUs of the node
  std::vector<int> allowed;
};

// A rank that was bound to fewer CPUs than the node has owns these; ranks that were not bound
// divide the allowed CPUs evenly.
ThreadPlan PlanThreads(const ThreadRequest& request);

}  // namespace lockstep
