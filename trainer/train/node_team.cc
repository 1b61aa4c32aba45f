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

// [0, size) in grains, and grains in elements of it.
Part AllGrains(size_t size, size_t grain) {
  return {.begin = 0, .end = (size + grain - 1) / grain};
}
Part ElementsOf(Part grains, size_t size, size_t grain) {
  return {.begin = std::min(grains.begin * grain, size), .end = std::min(grains.end * grain, size)};
}

}  // namespace

NodeTeam::NodeTeam(WorkerPool* workers, const comm::Communicator& communicator)
    : workers_(*workers),
      ranks_(static_cast<size_t>(communicator.node_size())),
      rank_(static_cast<size_t>(communicator.node_rank())),
      barrier_(communicator) {}

Part NodeTeam::PartOf(const comm::Communicator& communicator, size_t size, size_t grain) {
  const Part grains = ShareOf(AllGrains(size, grain), static_cast<size_t>(communicator.node_rank()),
                              static_cast<size_t>(communicator.node_size()));
  return ElementsOf(grains, size, grain);
}

// First among the ranks, then among each one's workers: ranks may have different numbers of them.
void NodeTeam::ForEachPart(size_t size, size_t grain, const std::function<void(Part)>& work) {
  const Part own = ShareOf(AllGrains(size, grain), rank_, ranks_);
  const auto run = [&](int worker) {
    const Part share =
        ShareOf(own, static_cast<size_t>(worker), static_cast<size_t>(workers_.size()));
    if (share.begin < share.end) {
      work(ElementsOf(share, size, grain));
    }
  };
  workers_.Run(run);
  barrier_.Wait();
}

}  // namespace lockstep
