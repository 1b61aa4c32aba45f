#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "comm/communicator.h"
#include "comm/node_memory.h"

namespace lockstep::comm {

// Consecutive pieces of work, [begin, end).
struct PieceRange {
  int64_t begin = 0;
  int64_t end = 0;
};

// Pieces of work, numbered from 0, that the workers of a node's ranks do together. Each has a share
// of consecutive pieces, which it takes from the last to the first; when it has no more, it helps
// the others with theirs. So nobody waits while there is work, and as long as all are equally fast
// each keeps to what its caches know.
class NodeShares {
 public:
  // Collective over the node. `pieces`: of all ranks, the same on each; `workers`: of this one.
  NodeShares(const Communicator& communicator, int64_t pieces, int workers);

  // The shares of this rank's workers, one behind the other.
  static PieceRange OfRank(const Communicator& communicator, int64_t pieces);

  // Takes a piece for which is_ready(piece), of which a share's next alone is asked: one of the
  // share of this rank's `worker`, or else of another's. Thread-safe.
  template <typename IsReady>
  std::optional<int64_t> Take(int worker, const IsReady& is_ready) {
    for (size_t i = 0; i < shares_.size(); ++i) {
      const size_t share = (first_own_ + static_cast<size_t>(worker) + i) % shares_.size();
      std::atomic<int64_t>& left = left_[share].pieces;
      int64_t count = left.load(std::memory_order_acquire);
      while (count > 0) {
        const int64_t piece = shares_[share].begin + count - 1;
        if (!is_ready(piece)) {
          break;
        }
        if (left.compare_exchange_weak(count, count - 1, std::memory_order_acq_rel)) {
          return piece;
        }
      }
    }
    return std::nullopt;
  }

  // Fills the shares of this rank again. REQUIRES a barrier of the node between the last piece
  // that any rank has taken and this. Others may take from them at once.
  void Refill();

 private:
  static constexpr size_t kLineBytes = 64;

  // What is left of a share: so many, from its beginning on.
  struct alignas(kLineBytes) Left {
    std::atomic<int64_t> pieces = 0;
  };
  static_assert(std::atomic<int64_t>::is_always_lock_free, "processes do not share a lock");

  NodeShares(const Communicator& communicator, int64_t pieces,
             const std::vector<int64_t>& workers_of_ranks);

  std::vector<PieceRange> shares_;  // of the node's workers, rank by rank
  size_t first_own_ = 0;            // among them, those of this rank's workers
  size_t past_own_ = 0;
  NodeMemory memory_;
  Left* left_;  // of each share
};

}  // namespace lockstep::comm
