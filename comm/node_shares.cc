#include "comm/node_shares.h"

#include <memory>
#include <numeric>

#include "comm/mpi_call.h"

namespace lockstep::comm {
namespace {

Range PartOf(Range all, int64_t part, int64_t parts) {
  const int64_t count = all.end - all.begin;
  return {.begin = all.begin + count * part / parts, .end = all.begin + count * (part + 1) / parts};
}

std::vector<int64_t> GatherFromNode(const Communicator& communicator, int64_t number) {
  std::vector<int64_t> all(static_cast<size_t>(communicator.node_size()));
  CheckMpi(MPI_Allgather(&number, 1, MPI_INT64_T, all.data(), 1, MPI_INT64_T,
                         communicator.node_handle().communicator),
           "MPI_Allgather");
  return all;
}

// First among the ranks, then among each one's workers: ranks may have different numbers of them.
std::vector<Range> ShareOut(int64_t pieces, const std::vector<int64_t>& workers_of_ranks) {
  std::vector<Range> shares;
  for (size_t rank = 0; rank < workers_of_ranks.size(); ++rank) {
    const Range of_rank = PartOf({.begin = 0, .end = pieces}, static_cast<int64_t>(rank),
                                 std::ssize(workers_of_ranks));
    for (int64_t worker = 0; worker < workers_of_ranks[rank]; ++worker) {
      shares.push_back(PartOf(of_rank, worker, workers_of_ranks[rank]));
    }
  }
  return shares;
}

}  // namespace

Range NodeShares::OfRank(const Communicator& communicator, int64_t pieces) {
  return PartOf({.begin = 0, .end = pieces}, communicator.node_rank(), communicator.node_size());
}

NodeShares::NodeShares(const Communicator& communicator, int64_t pieces, int workers)
    : NodeShares(communicator, pieces, GatherFromNode(communicator, workers)) {}

NodeShares::NodeShares(const Communicator& communicator, int64_t pieces,
                       const std::vector<int64_t>& workers_of_ranks)
    : shares_(ShareOut(pieces, workers_of_ranks)),
      first_own_(static_cast<size_t>(
          std::accumulate(workers_of_ranks.begin(),
                          workers_of_ranks.begin() + communicator.node_rank(), int64_t{0}))),
      memory_(communicator, shares_.size() * sizeof(Taken)),
      taken_(reinterpret_cast<Taken*>(memory_.bytes().data())) {
  if (communicator.node_rank() == 0) {
    std::uninitialized_default_construct_n(taken_, shares_.size());
  }
  memory_.Publish();
}

}  // namespace lockstep::comm
