#include "trainer/train/node_team.h"

namespace lockstep {

NodeTeam::NodeTeam(WorkerPool* workers, const comm::Communicator& communicator, int64_t pieces)
    : workers_(*workers),
      ranks_(communicator.node_size()),
      shares_(communicator, pieces, workers->size()),
      barrier_(communicator) {}

void NodeTeam::DoAll(const std::function<void(int64_t piece)>& work) {
  workers_.Run([&](int worker) {
    while (const auto piece = shares_.Take(worker, [](int64_t /*piece*/) { return true; })) {
      work(*piece);
    }
  });
  barrier_.Wait();
  shares_.NextPass();
}

}  // namespace lockstep
