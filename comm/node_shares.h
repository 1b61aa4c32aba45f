#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "comm/communicator.h"
#include "comm/node_memory.h"
#include "comm/range.h"

namespace lockstep::comm {

// Pieces of work, numbered from 0, that the workers of a node's ranks do together, in passes: in
// each, every piece is taken once. Each worker has a share of consecutive pieces, which it takes
// from the last to the first; when it has no more, it helps the others with theirs. So nobody waits
// while there is work, and as long as all are equally fast each keeps to what its caches know.
class NodeShares {
 public:
  // Collective over the node. `pieces`: of all ranks, the same on each; `workers`: of this one.
  NodeShares(const Communicator& communicator, int64_t pieces, int workers);

  // The shares of this rank's workers, one behind the other.
  static Range OfRank(const Communicator& communicator, int64_t pieces);

  // Takes a piece for which is_ready(piece), of which a share's next alone is asked: one of the
  // share of this rank's `worker`, or else of another's. Thread-safe.
  template <typename IsReady>
  std::optional<int64_t> Take(int worker, const IsReady& is_ready) {
    for (size_t i = 0; i < shares_.size(); ++i) {
      const size_t index = (first_own_ + static_cast<size_t>(worker) + i) % shares_.size();
      const Range share = shares_[index];
      const int64_t all_passes = pass_ * (share.end - share.begin);
      std::atomic<int64_t>& taken = taken_[index].pieces;
      for (int64_t count = taken.load(std::memory_order_acquire); count < all_passes;) {
        const int64_t piece = share.begin + all_passes - count - 1;
        if (!is_ready(piece)) {
          break;
        }
        if (taken.compare_exchange_weak(count, count + 1, std::memory_order_acq_rel)) {
          return piece;
        }
      }
    }
    return std::nullopt;
  }

  // From now on this rank takes pieces of the next pass. REQUIRES that no rank will take any of
  // this one: after the last piece, all must have met at a barrier.
  void NextPass() { ++pass_; }

 private:
  static constexpr size_t kLineBytes = 64;

  // What has been taken of a share, in all passes: it only grows, so nobody has to set it back.
  struct alignas(kLineBytes) Taken {
    std::atomic<int64_t> pieces = 0;
  };
  static_assert(std::atomic<int64_t>::is_always_lock_free, "processes do not share a lock");

  NodeShares(const Communicator& communicator, int64_t pieces,
             const std::vector<int64_t>& workers_of_ranks);

  std::vector<Range> shares_;  // of the node's workers, rank by rank
  size_t first_own_;           // the first of this rank's
  NodeMemory memory_;
  Taken* taken_;  // of each share
  int64_t pass_ = 1;
};

}  // namespace lockstep::comm
