#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "comm/communicator.h"
#include "comm/node_memory.h"

namespace lockstep {

// Numbers that the ranks of a node share, zero at first: one copy for all of them. When the array
// is moved, the numbers stay where they are.
template <typename T>
class SharedArray {
  static_assert(std::is_arithmetic_v<T>);

 public:
  SharedArray() = default;

  // Collective over the node. `communicator` nullptr: numbers of this process alone, and nothing is
  // collective.
  SharedArray(size_t size, const comm::Communicator* communicator) {
    if (communicator == nullptr) {
      own_.resize(size);
      values_ = own_;
      return;
    }
    shared_ = std::make_unique<comm::NodeMemory>(*communicator, size * sizeof(T));
    writes_ = communicator->node_rank() == 0;
    values_ = {reinterpret_cast<T*>(shared_->bytes().data()), size};
    WriteOnce([&] { std::ranges::fill(values_, T{0}); });
  }

  std::span<T> values() const { return values_; }

  // Calls write(), which changes the numbers, on one rank of the node; all see it when they return.
  // Collective over the node.
  template <typename Write>
  void WriteOnce(const Write& write) {
    if (writes_) {
      write();
    }
    if (shared_) {
      shared_->Publish();
    }
  }

 private:
  std::unique_ptr<comm::NodeMemory> shared_;
  std::vector<T> own_;
  bool writes_ = true;
  std::span<T> values_;
};

}  // namespace lockstep
