#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "comm/communicator.h"
#include "comm/mpi_call.h"
#include "comm/node_memory.h"
#include "comm/pieces.h"
#include "comm/spin_lock.h"
#include "comm/stopwatch.h"

namespace lockstep::comm {

// Buckets of a flat array of sums over threads and ranks. The ranks of a node add to the same
// array, as threads do; between nodes, one rank of each, its leader, all-reduces what the node has
// summed, on a communicator of its own, so that nothing else that the ranks say to each other comes
// between. What a contribution adds is the caller's business.
//
// The array, its body, has a head of `head` elements in front that belong to no contribution. The
// head is part of the last bucket, which is complete in Finish: so it may be added to until then.
template <typename T>
class BucketedSum {
 public:
  BucketedSum(const Communicator& communicator, int64_t head, int64_t size, int64_t bucket_elements)
      : head_(head),
        size_(size),
        bucket_elements_(bucket_elements),
        node_size_(communicator.node_size()),
        node_rank_(communicator.node_rank()),
        arrays_(communicator.node_size() > 1 ? 2 : 1),
        several_nodes_(communicator.node_size() < communicator.size()) {
    if (head < 0 || size < 0 || bucket_elements < 1 || head + bucket_elements > kLargestPiece) {
      throw std::logic_error("BucketedSum: a bucket, with the head, has 1 to 2^30 elements");
    }
    const int64_t count = std::max<int64_t>(1, (size + bucket_elements - 1) / bucket_elements);
    for (int64_t i = 0; i < count; ++i) {
      buckets_.emplace_back(std::max<int64_t>(0, size - (i + 1) * bucket_elements),
                            size - i * bucket_elements);
    }
    requests_.resize(buckets_.size(), MPI_REQUEST_NULL);
    handle_ = Duplicate(communicator.handle().communicator);
    if (several_nodes_) {
      leaders_ = Split(handle_->communicator, communicator.node_rank() == 0 ? 0 : MPI_UNDEFINED);
    }
    ShareMemory(communicator);
  }

  // Memory that others still add to or MPI writes to (a step was given up) is left to the end of
  // the process.
  ~BucketedSum() {
    if (in_step_) {
      static_cast<void>(std::make_unique<NodeMemory>(std::move(*memory_)).release());
    }
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)

  BucketedSum(const BucketedSum&) = delete;
  BucketedSum& operator=(const BucketedSum&) = delete;

  // Starts a step in which this rank contributes every element `contributions` times.
  void Begin(int64_t contributions) {
    if (in_step_) {
      throw std::logic_error("Begin of a step before Finish of the last one");
    }
    in_step_ = true;
    ++step_;
    started_ = 0;
    reduced_ = 0;
    for (Bucket& bucket : buckets_) {
      bucket.missing = contributions * (bucket.end - bucket.begin);
    }
    for (size_t i = 0; contributions == 0 && i + 1 < buckets_.size(); ++i) {
      Arrive(i);
    }
  }

  // Calls add(offset, sums) for pieces of the body's [offset, offset + count), in any order, for
  // each element one thread of the node at a time. Thread-safe.
  template <typename Add>
  void Contribute(int64_t offset, int64_t count, const Add& add) {
    const int64_t end = offset + count;
    if (offset < 0 || count < 0 || end > size_) {
      throw std::logic_error("a contribution beyond the end of the gradient");
    }
    while (offset < end) {
      const auto index = static_cast<size_t>((size_ - 1 - offset) / bucket_elements_);
      Bucket& bucket = buckets_[index];
      const int64_t bucket_end = std::min(end, bucket.end);
      const int64_t elements = bucket_end - offset;
      if (bucket.missing < elements) {
        throw std::logic_error("more contributions than Begin has announced");
      }
      AddBlocks(offset, bucket_end, add);
      if (bucket.missing.fetch_sub(elements) == elements && index + 1 < buckets_.size()) {
        Arrive(index);
      }
      offset = bucket_end;
    }
  }

  // Adds to an element of the head, between Begin and Finish. Thread-safe.
  void AddToHead(int64_t index, T value) {
    const std::lock_guard lock(blocks_[0].lock);
    Refresh(0);
    Array()[index] += value;
  }

  // Starts the all-reduce of buckets that are complete on this node, and lets MPI make progress.
  // Main thread only.
  void Poll() {
    if (in_step_ && leaders_ != nullptr) {
      Progress();
    }
  }

  // Calls consume(offset, sums) for each bucket's part of the body as soon as its sums over all
  // ranks are there; and then head(sums). REQUIRES all contributions to be in. Main thread only.
  template <typename Consume, typename ConsumeHead>
  void Finish(const Consume& consume, const ConsumeHead& head) {
    const auto is_complete = [](const Bucket& bucket) { return bucket.missing == 0; };
    if (!in_step_ || !std::ranges::all_of(buckets_, is_complete)) {
      throw std::logic_error("Finish before all contributions are in");
    }
    {
      const std::lock_guard lock(blocks_[0].lock);
      Refresh(0);
    }
    Arrive(buckets_.size() - 1);
    for (size_t i = 0; i < buckets_.size(); ++i) {
      WaitFor(i);
      consume(buckets_[i].begin, std::span<const T>(Body(buckets_[i].begin, buckets_[i].end)));
    }
    head(std::span<const T>(Array(), static_cast<size_t>(head_)));
    in_step_ = false;
  }

  // Seconds that Finish has waited for other ranks, in all steps so far.
  double wait_seconds() const { return wait_seconds_; }

 private:
  static constexpr const char* kOperation = "the all-reduce of gradients";
  // The grain of locking: threads that work on the same bucket follow each other closely.
  static constexpr int64_t kBlockElements = 4096;
  static constexpr size_t kLineBytes = 64;

  // This rank's part of a bucket.
  struct Bucket {
    Bucket(int64_t first, int64_t past_last) : begin(first), end(past_last) {}
    int64_t begin;  // in the body
    int64_t end;
    std::atomic<int64_t> missing = 0;  // elements times contributions
  };

  // What the ranks of a node tell each other of a bucket. Both only grow, so that nobody has to set
  // them back, and may be a step ahead of a slow reader.
  struct alignas(kLineBytes) NodeBucket {
    std::atomic<int64_t> arrivals = 0;  // of a rank's last contribution, in all steps
    std::atomic<int64_t> step = 0;      // whose sums over all nodes are there
  };

  // A stretch of the array that one thread of the node adds to at a time: the head is one, the body
  // is cut into others.
  struct alignas(kLineBytes) Block {
    SpinLock lock;
    int64_t step = 0;  // whose sums it holds; those of an older one are to be forgotten
  };

  // The node's memory: its buckets, its blocks and, one for even steps and one for odd ones, the
  // arrays of sums: a rank may be a step ahead of another that still reads the sums. A rank alone
  // needs but one.
  void ShareMemory(const Communicator& communicator) {
    const int64_t block_count = 1 + (size_ + kBlockElements - 1) / kBlockElements;
    const size_t bucket_bytes = buckets_.size() * sizeof(NodeBucket);
    const size_t block_bytes = static_cast<size_t>(block_count) * sizeof(Block);
    const size_t array_bytes = static_cast<size_t>(arrays_ * (head_ + size_)) * sizeof(T);
    memory_ = std::make_unique<NodeMemory>(communicator, bucket_bytes + block_bytes + array_bytes);
    std::byte* const bytes = memory_->bytes().data();
    node_buckets_ = reinterpret_cast<NodeBucket*>(bytes);
    blocks_ = reinterpret_cast<Block*>(bytes + bucket_bytes);
    arrays_begin_ = reinterpret_cast<T*>(bytes + bucket_bytes + block_bytes);
    if (communicator.node_rank() == 0) {
      std::uninitialized_default_construct_n(node_buckets_, buckets_.size());
      std::uninitialized_default_construct_n(blocks_, block_count);
    }
    memory_->Publish();
  }

  // This step's: head, then body.
  T* Array() const { return arrays_begin_ + step_ % arrays_ * (head_ + size_); }
  std::span<T> Body(int64_t begin, int64_t end) const {
    return {Array() + head_ + begin, static_cast<size_t>(end - begin)};
  }

  // REQUIRES the block's lock.
  void Refresh(int64_t block) {
    if (blocks_[block].step == step_) {
      return;
    }
    blocks_[block].step = step_;
    if (block == 0) {
      std::fill_n(Array(), head_, T{0});
    } else {
      const int64_t begin = (block - 1) * kBlockElements;
      std::ranges::fill(Body(begin, std::min(begin + kBlockElements, size_)), T{0});
    }
  }

  // The ranks of a node come here at about the same time, so each begins at another block.
  template <typename Add>
  void AddBlocks(int64_t begin, int64_t end, const Add& add) {
    const int64_t first = begin / kBlockElements;
    const int64_t count = (end + kBlockElements - 1) / kBlockElements - first;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t block = first + (i + count * node_rank_ / node_size_) % count;
      const int64_t from = std::max(begin, block * kBlockElements);
      const int64_t to = std::min(end, (block + 1) * kBlockElements);
      const std::lock_guard lock(blocks_[1 + block].lock);
      Refresh(1 + block);
      add(from, Body(from, to));
    }
  }

  // This rank's contributions to a bucket are in.
  void Arrive(size_t bucket) {
    node_buckets_[bucket].arrivals.fetch_add(1, std::memory_order_acq_rel);
  }
  bool CompleteOnNode(size_t bucket) const {
    return node_buckets_[bucket].arrivals.load(std::memory_order_acquire) >= step_ * node_size_;
  }
  bool CompleteEverywhere(size_t bucket) const {
    return several_nodes_ ? node_buckets_[bucket].step.load(std::memory_order_acquire) >= step_
                          : CompleteOnNode(bucket);
  }

  void WaitFor(size_t bucket) {
    const Stopwatch stopwatch(&wait_seconds_);
    Patience patience;
    while (!CompleteEverywhere(bucket)) {
      if (leaders_ != nullptr) {
        Progress();
      } else if (patience.exhausted()) {  // MPI may still have something to pass on
        int found = 0;
        CheckMpi(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, handle_->communicator, &found,
                            MPI_STATUS_IGNORE),
                 kOperation);
      }
      patience.Wait();
    }
  }

  // A leader's: starts buckets in their order, so that all leaders start the same ones, and tells
  // the node which have come back.
  void Progress() {
    while (started_ < buckets_.size() && CompleteOnNode(started_)) {
      Start();
    }
    while (reduced_ < started_) {
      int done = 0;
      CheckMpi(MPI_Test(&requests_[reduced_], &done, MPI_STATUS_IGNORE), kOperation);
      if (done == 0) {
        return;
      }
      node_buckets_[reduced_].step.store(step_, std::memory_order_release);
      ++reduced_;
    }
  }

  void Start() {
    const bool last = started_ + 1 == buckets_.size();
    const Bucket& bucket = buckets_[started_];
    // Nobody on this node may have had anything to contribute.
    AddBlocks(bucket.begin, bucket.end, [](int64_t /*begin*/, std::span<T> /*sums*/) {});
    T* const begin = last ? Array() : Array() + head_ + bucket.begin;
    const int64_t count = bucket.end - bucket.begin + (last ? head_ : 0);
    const MPI_Datatype type = std::is_same_v<T, float> ? MPI_FLOAT : MPI_INT64_T;
    CheckMpi(MPI_Iallreduce(MPI_IN_PLACE, begin, static_cast<int>(count), type, MPI_SUM,
                            leaders_->communicator, &requests_[started_]),
             kOperation);
    ++started_;
  }

  int64_t head_;
  int64_t size_;
  int64_t bucket_elements_;
  int64_t node_size_;
  int64_t node_rank_;
  int64_t arrays_;
  bool several_nodes_;
  std::unique_ptr<MpiHandle> handle_;
  std::unique_ptr<MpiHandle> leaders_;  // of the nodes; on other ranks, or for one node, none
  std::unique_ptr<NodeMemory> memory_;
  NodeBucket* node_buckets_ = nullptr;
  Block* blocks_ = nullptr;
  T* arrays_begin_ = nullptr;
  std::deque<Bucket> buckets_;  // from the body's end to its beginning
  std::vector<MPI_Request> requests_;
  size_t started_ = 0;  // by this leader: buckets of this step
  size_t reduced_ = 0;
  int64_t step_ = 0;
  bool in_step_ = false;
  double wait_seconds_ = 0;
};

}  // namespace lockstep::comm
