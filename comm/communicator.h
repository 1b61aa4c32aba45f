#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lockstep::comm {

struct MpiHandle;

// The ranks that train together. Every operation is collective (all ranks call it, in the same
// order), is called by the main thread only, and throws Error when MPI reports a failure. A world
// of one rank takes the same path. The Environment must outlive it.
class Communicator {
 public:
  // All ranks that were started, on a communicator of our own. Collective. A node is cut into
  // several where it has more ranks than `most_in_node`: tests make many of one machine.
  static Communicator World(int most_in_node = std::numeric_limits<int>::max());

  ~Communicator();
  Communicator(Communicator&&) noexcept;
  Communicator& operator=(Communicator&&) noexcept;

  int rank() const { return rank_; }
  int size() const { return size_; }
  // This rank among those that share its node's memory.
  int node_rank() const { return node_rank_; }
  int node_size() const { return node_size_; }
  // The host of this rank, and of all ranks in order.
  const std::string& HostName() const { return host_names_[static_cast<size_t>(rank_)]; }
  const std::vector<std::string>& host_names() const { return host_names_; }

  // Replace each value by its sum or maximum over all ranks. `values` has the same size everywhere.
  void AllReduceSum(std::span<int64_t> values);
  void AllReduceMax(std::span<int64_t> values);

  // Copies rank 0's bytes to all ranks. `bytes` has the same size everywhere.
  void Broadcast(std::span<std::byte> bytes);
  // Copies rank 0's bytes to the first rank of every node, as into memory that its ranks share.
  // Returns when all nodes have them.
  void BroadcastToNodes(std::span<std::byte> bytes);
  // Returns rank 0's text on all ranks.
  std::string Broadcast(const std::string& text);
  // Returns every rank's text, in rank order, on all ranks. For up to 1 GiB in all.
  std::vector<std::string> AllGather(const std::string& text);

  // Returns all ranks' bytes, one rank's behind another's, on rank 0; nothing elsewhere. Of any
  // sizes.
  std::vector<std::byte> Gather(std::span<const std::byte> bytes);

  // Not collective: ends all ranks now, each with exit code `code`. For failures of one rank while
  // the others go on. This process is gone within a few seconds even if MPI or standard output
  // hangs. Any thread may call it.
  [[noreturn]] void Abort(int code);

  // For the other classes of this folder.
  const MpiHandle& handle() const { return *handle_; }
  const MpiHandle& node_handle() const { return *node_handle_; }

 private:
  Communicator() = default;

  std::unique_ptr<MpiHandle> handle_;
  std::unique_ptr<MpiHandle> node_handle_;
  int rank_ = 0;
  int size_ = 1;
  int node_rank_ = 0;
  int node_size_ = 1;
  std::vector<std::string> host_names_;
};

// "ranks 0-3 on node1, 4-7 on node2"
std::string RankMap(const std::vector<std::string>& host_names);

}  // namespace lockstep::comm
