#pragma once

#include <cstdint>
#include <memory>

#include "comm/communicator.h"
#include "comm/node_memory.h"

namespace lockstep::comm {

// Lets the ranks of a node wait for each other, several times a step: in memory that they share, a
// fraction of what MPI_Barrier takes. What one of them wrote to such memory before, all read after.
class NodeBarrier {
 public:
  // Collective over the node.
  explicit NodeBarrier(const Communicator& communicator);
  ~NodeBarrier();

  // Collective over the node. Main thread only.
  void Wait();

  // Seconds spent waiting so far.
  double wait_seconds() const { return wait_seconds_; }

 private:
  std::unique_ptr<MpiHandle> handle_;
  NodeMemory memory_;
  int64_t node_size_;
  int64_t rounds_ = 0;
  double wait_seconds_ = 0;
};

}  // namespace lockstep::comm
