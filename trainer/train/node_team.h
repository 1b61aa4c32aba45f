#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "comm/communicator.h"
#include "comm/node_barrier.h"
#include "comm/node_shares.h"
#include "trainer/train/worker_pool.h"

namespace lockstep {

// The workers of all ranks of a node, for what they do together to arrays that they share: passes
// over numbered pieces of work, in each of which every piece is done once by some worker.
class NodeTeam {
 public:
  // Collective over the node. `workers` must outlive the team.
  NodeTeam(WorkerPool* workers, const comm::Communicator& communicator, int64_t pieces);

  // Whether there are ranks besides this one.
  bool has_others() const { return ranks_ > 1; }

  // Does a piece of the coming pass for which is_ready(piece). Returns whether there was one. Main
  // thread only.
  template <typename IsReady, typename Work>
  bool DoOneAhead(const IsReady& is_ready, const Work& work) {
    const std::optional<int64_t> piece = shares_.Take(0, is_ready);
    if (piece) {
      work(*piece);
    }
    return piece.has_value();
  }

  // The pass: does all pieces that nobody has done ahead, and returns when all are done; then every
  // rank sees what any has written. Collective over the node; main thread only.
  void DoAll(const std::function<void(int64_t piece)>& work);

  // Seconds spent waiting for the node's other ranks so far.
  double wait_seconds() const { return barrier_.wait_seconds(); }

 private:
  WorkerPool& workers_;
  int ranks_;
  comm::NodeShares shares_;
  comm::NodeBarrier barrier_;
};

}  // namespace lockstep
