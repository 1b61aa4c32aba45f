#include "comm/node_barrier.h"

#include <atomic>
#include <new>

#include "comm/mpi_call.h"
#include "comm/patience.h"
#include "comm/stopwatch.h"

namespace lockstep::comm {
namespace {

// All that the ranks share: how often one of them has arrived, in all rounds.
using Arrivals = std::atomic<int64_t>;
static_assert(Arrivals::is_always_lock_free, "other processes see no lock of a library");

}  // namespace

NodeBarrier::NodeBarrier(const Communicator& communicator)
    : handle_(Duplicate(communicator.node_handle().communicator)),
      memory_(communicator, sizeof(Arrivals)),
      node_size_(communicator.node_size()) {
  if (communicator.node_rank() == 0) {
    new (memory_.bytes().data()) Arrivals(0);
  }
  memory_.Publish();
}

NodeBarrier::~NodeBarrier() = default;

void NodeBarrier::Wait() {
  auto* const arrivals = reinterpret_cast<Arrivals*>(memory_.bytes().data());
  ++rounds_;
  arrivals->fetch_add(1, std::memory_order_acq_rel);
  const Stopwatch stopwatch(&wait_seconds_);
  Patience patience;
  while (arrivals->load(std::memory_order_acquire) < rounds_ * node_size_) {
    if (patience.exhausted()) {
      LetMpiProgress(*handle_);
    }
    patience.Wait();
  }
}

}  // namespace lockstep::comm
