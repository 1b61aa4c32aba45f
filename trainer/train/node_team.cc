#include "trainer/train/node_team.h"

#include <algorithm>

namespace lockstep {
namespace {

// Of consecutive things, those of member `index` of `members`.
Part ShareOf(Part all, size_t index, size_t members) {
  const size_t count = all.end - all.begin;
  return {.begin = all.begin + count * index / members,
          .end = all.begin + count * (index + 1) / members};
}

}  // namespace

NodeTeam::NodeTeam(WorkerPool* workers, const comm::Communicator& communicator)
    : workers_(*workers),
      ranks_(static_cast<size_t>(communicator.node_size())),
      rank_(static_cast<size_t>(communicator.node_rank())),
      barrier_(communicator) {}

// First among the ranks, then among each one's workers: ranks may have different numbers of them.
void NodeTeam::ForEachPart(size_t size, size_t grain, const std::function<void(Part)>& work) {
  const Part grains{.begin = 0, .end = (size + grain - 1) / grain};
  const Part own = ShareOf(grains, rank_, ranks_);
  const auto run = [&](int worker) {
    const Part share =
        ShareOf(own, static_cast<size_t>(worker), static_cast<size_t>(workers_.size()));
    if (share.begin < share.end) {
      work({.begin = share.begin * grain, .end = std::min(share.end * grain, size)});
    }
  };
  workers_.Run(run);
  barrier_.Wait();
}

}  // namespace lockstep
