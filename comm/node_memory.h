#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "comm/communicator.h"

namespace lockstep::comm {

// Memory that the ranks of a node share: one copy of the training data on each node. The node's
// first rank fills it, Publish() lets the others see it; afterwards everybody reads. It may outlive
// the communicator, but not the Environment.
class NodeMemory {
 public:
  // Collective. Throws Error on all ranks of a node when they pass different sizes, and on its
  // first rank alone (which must Abort: the others still wait for it) when there is not enough
  // memory: all of it is taken here, by each rank its share, from the beginning in rank order. (On
  // a machine with several memories, a page is near the rank that took it.)
  NodeMemory(const Communicator& communicator, size_t bytes);
  // Collective over the node, unless an exception is passing.
  ~NodeMemory();
  NodeMemory(NodeMemory&&) noexcept;
  NodeMemory& operator=(NodeMemory&&) noexcept;

  // On a 64-byte boundary.
  std::span<std::byte> bytes() const { return bytes_; }
  // Collective over the node: what its first rank wrote before is what all read after.
  void Publish();
  // Leaves the memory to the end of the process, for those who still use it.
  void Abandon();

 private:
  struct Window;
  std::unique_ptr<Window> window_;
  std::span<std::byte> bytes_;
};

}  // namespace lockstep::comm
