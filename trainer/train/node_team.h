#pragma once

#include <cstddef>
#include <functional>

#include "comm/communicator.h"
#include "comm/node_barrier.h"
#include "trainer/optim/optimizer.h"
#include "trainer/train/worker_pool.h"

namespace lockstep {

// The workers of all ranks of a node, for what they do together to arrays that they share.
class NodeTeam {
 public:
  // Collective over the node. `workers` must outlive the team.
  NodeTeam(WorkerPool* workers, const comm::Communicator& communicator);

  // What this rank's workers get of [0, size) in ForEachPart.
  static Part PartOf(const comm::Communicator& communicator, size_t size, size_t grain);

  // Whether there are ranks besides this one.
  bool has_others() const { return ranks_ > 1; }

  // Calls work(part) for parts that cover [0, size) once, each on another worker of the node, and
  // returns when all are done: then every rank sees what any has written. Parts begin at multiples
  // of `grain`. Collective over the node; main thread only.
  void ForEachPart(size_t size, size_t grain, const std::function<void(Part)>& work);

  // Seconds spent waiting for the node's other ranks so far.
  double wait_seconds() const { return barrier_.wait_seconds(); }

 private:
  WorkerPool& workers_;
  size_t ranks_;
  size_t rank_;  // on the node
  comm::NodeBarrier barrier_;
};

}  // namespace lockstep
