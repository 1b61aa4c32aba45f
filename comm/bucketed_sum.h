#pragma once

#include <algorithm>
#include <array>
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
#include "comm/float_sum.h"
#include "comm/mpi_call.h"
#include "comm/node_memory.h"
#include "comm/pieces.h"
#include "comm/spin_lock.h"
#include "comm/stopwatch.h"

namespace lockstep::comm {

// Buckets of a flat array of sums over threads and ranks. Every rank adds to a lane of its own, its
// threads one after the other; all lanes are in memory that the ranks of the node share, so each of
// them can read any part of the node's sums as soon as all lanes have it. Between nodes, the ranks
// first sum their lanes into that of the first, the leader, each a share of every bucket, and the
// leaders all-reduce them, on a communicator of their own, so that nothing else that the ranks say
// to each other comes between.
//
// `Arithmetic` says what a sum is made of: a type Sum, and
//   bool Set(std::span<const float> values, double limit, Sum* sums)
//   bool Add(std::span<const float> values, double limit, Sum* sums)
// which write values to fresh sums, or add them to sums, and return whether all |values| < limit.
// What a rank contributes only once, on one node, stays in its lane as it is, and is summed by
// those who read: half the bytes from one processor's cache to another's.
//
// A lane, the body, has a head of `head` elements in front that belong to no contribution. The head
// is part of the last bucket, which is complete in Await: so it may be added to until then.
template <typename Arithmetic>
class BucketedSum {
  using T = typename Arithmetic::Sum;

 public:
  BucketedSum(const Communicator& communicator, int64_t head, int64_t size, int64_t bucket_elements)
      : head_(head),
        size_(size),
        bucket_elements_(bucket_elements),
        node_size_(communicator.node_size()),
        node_rank_(communicator.node_rank()),
        lane_elements_(WholeLines(head + size)),
        several_nodes_(communicator.node_size() < communicator.size()),
        heads_(static_cast<size_t>(std::max<int64_t>(head, 0))),
        blocks_(static_cast<size_t>((std::max<int64_t>(size, 0) + kBlockElements - 1) /
                                    kBlockElements)) {
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

  // Memory that others still read or MPI writes to (a step was given up) is left to the end of the
  // process.
  ~BucketedSum() {
    if (in_step_) {
      static_cast<void>(std::make_unique<NodeMemory>(std::move(*memory_)).release());
    }
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)

  BucketedSum(const BucketedSum&) = delete;
  BucketedSum& operator=(const BucketedSum&) = delete;

  // Starts a step in which this rank contributes every element `contributions` times, every time
  // below `limit`. Waits for
  // the node's ranks that have not finished the step before. Main thread only, as all but
  // Contribute, AddToHead and Read.
  void Begin(int64_t contributions, double limit) {
    if (in_step_) {
      throw std::logic_error("Begin of a step before Finish of the last one");
    }
    WaitUntil(
        [&] {
          return std::ranges::all_of(Ranks(), [&](const NodeRank& rank) {
            return rank.finished.load(std::memory_order_acquire) >= step_;
          });
        },
        [] { return false; });
    in_step_ = true;
    there_ = false;
    ++step_;
    summed_ = 0;
    started_ = 0;
    reduced_ = 0;
    std::fill_n(Lane(node_rank_), head_, T{0});
    limit_ = limit;
    holds_ = contributions == 0                                        ? Holds::kNothing
             : contributions == 1 && node_size_ > 1 && !several_nodes_ ? Holds::kValues
                                                                       : Holds::kSums;
    Ranks()[node_rank_].holds = holds_;
    for (Bucket& bucket : buckets_) {
      bucket.missing = contributions * (bucket.end - bucket.begin);
    }
    for (size_t i = 0; contributions == 0 && i + 1 < buckets_.size(); ++i) {
      Arrive(i);
    }
  }

  // Adds values to the body's elements from `offset` on. Returns whether all are below the limit in
  // magnitude; if not, what becomes of them is meaningless. Thread-safe.
  bool Contribute(int64_t offset, std::span<const float> values) {
    const int64_t count = std::ssize(values);
    const int64_t begin = offset;
    bool in_range = true;
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
      const auto part =
          values.subspan(static_cast<size_t>(offset - begin), static_cast<size_t>(elements));
      in_range = AddToLane(offset, part) && in_range;
      if (bucket.missing.fetch_sub(elements) == elements && index + 1 < buckets_.size()) {
        Arrive(index);
      }
      offset = bucket_end;
    }
    return in_range;
  }

  // Adds to an element of the head, between Begin and Await. Thread-safe.
  void AddToHead(int64_t index, T value) {
    const std::lock_guard lock(head_lock_);
    Lane(node_rank_)[index] += value;
  }

  // Sums buckets that are complete on this node and starts their all-reduce, and lets MPI make
  // progress.
  void Poll() {
    if (in_step_ && several_nodes_) {
      Progress();
    }
  }

  // Waits until the sums over all ranks are there, and calls head(sums). Calls meanwhile(), which
  // returns whether it had something to do, over and over until then. REQUIRES all contributions to
  // be in.
  template <typename Meanwhile, typename ConsumeHead>
  void Await(const Meanwhile& meanwhile, const ConsumeHead& head) {
    const auto is_complete = [](const Bucket& bucket) { return bucket.missing == 0; };
    if (!in_step_ || there_ || !std::ranges::all_of(buckets_, is_complete)) {
      throw std::logic_error("Await before all contributions are in");
    }
    Arrive(buckets_.size() - 1);
    for (size_t i = 0; i < buckets_.size(); ++i) {
      const Stopwatch stopwatch(&wait_seconds_);
      WaitUntil([&] { return CompleteEverywhere(i); },
                [&] {
                  double seconds = 0;
                  bool worked = false;
                  {
                    const Stopwatch own(&seconds);
                    worked = meanwhile();
                  }
                  wait_seconds_ -= seconds;
                  return worked;
                });
    }
    there_ = true;
    SumHeads(heads_.data());
    head(std::span<const T>(heads_));
  }

  // Calls consume(offset, sums) for consecutive pieces of the body's [begin, end). Between Await
  // and Finish. Thread-safe.
  template <typename Consume>
  void Read(int64_t begin, int64_t end, const Consume& consume) const {
    if (!there_ || begin < 0 || begin > end || end > size_) {
      throw std::logic_error("Read before Await, or beyond the end of the gradient");
    }
    if (several_nodes_ || node_size_ == 1) {
      consume(begin, std::span<const T>(Body(0) + begin, Body(0) + end));
      return;
    }
    std::array<T, kPieceElements> sums;
    for (int64_t from = begin; from < end; from += kPieceElements) {
      const int64_t to = std::min(from + kPieceElements, end);
      SumLanes(from, to, sums.data());
      consume(from, std::span<const T>(sums).first(static_cast<size_t>(to - from)));
    }
  }

  // Ends the step: this rank has read what it wanted.
  void Finish() {
    if (!there_) {
      throw std::logic_error("Finish of a step before Await");
    }
    in_step_ = there_ = false;
    Ranks()[node_rank_].finished.store(step_, std::memory_order_release);
  }

  // Seconds that Await has waited for other ranks with nothing else to do, in all steps so far.
  double wait_seconds() const { return wait_seconds_; }

 private:
  static constexpr const char* kOperation = "the all-reduce of gradients";
  // The grain of locking: threads that work on the same bucket follow each other closely.
  static constexpr int64_t kBlockElements = 4096;
  // Lanes are summed in pieces that stay in the first cache.
  static constexpr int64_t kPieceElements = 1024;
  static constexpr size_t kLineBytes = 64;

  // This rank's part of a bucket.
  struct Bucket {
    Bucket(int64_t first, int64_t past_last) : begin(first), end(past_last) {}
    int64_t begin;  // in the body
    int64_t end;
    std::atomic<int64_t> missing = 0;  // elements times contributions
  };

  // What the ranks of a node tell each other of a bucket. All of it only grows, so that nobody has
  // to set it back, and may be a step ahead of a slow reader.
  struct alignas(kLineBytes) NodeBucket {
    std::atomic<int64_t> arrivals = 0;  // of a rank's last contribution, in all steps
    std::atomic<int64_t> shares = 0;    // summed into the leader's lane, in all steps
    std::atomic<int64_t> step = 0;      // whose sums over all nodes are there
  };

  // What the body of a lane holds in a step.
  enum class Holds : uint8_t {
    kNothing,
    kValues,  // floats, contributed once
    kSums,
  };

  // What a rank tells its node of itself.
  struct alignas(kLineBytes) NodeRank {
    std::atomic<int64_t> finished = 0;  // steps
    Holds holds = Holds::kNothing;      // in this step; read after it has arrived
  };

  // A stretch of this rank's lane that one thread adds to at a time.
  struct alignas(kLineBytes) Block {
    SpinLock lock;
    int64_t step = 0;  // whose sums it holds; those of an older one are to be forgotten
  };

  static constexpr int64_t WholeLines(int64_t elements) {
    constexpr int64_t kLine = kLineBytes / sizeof(T);
    return (elements + kLine - 1) / kLine * kLine;
  }

  // The node's memory: what is said of its buckets, and of its ranks; then their lanes.
  void ShareMemory(const Communicator& communicator) {
    const size_t bucket_bytes = buckets_.size() * sizeof(NodeBucket);
    const size_t rank_bytes = static_cast<size_t>(node_size_) * sizeof(NodeRank);
    const size_t lane_bytes = static_cast<size_t>(node_size_ * lane_elements_) * sizeof(T);
    memory_ = std::make_unique<NodeMemory>(communicator, bucket_bytes + rank_bytes + lane_bytes);
    std::byte* const bytes = memory_->bytes().data();
    node_buckets_ = reinterpret_cast<NodeBucket*>(bytes);
    node_ranks_ = reinterpret_cast<NodeRank*>(bytes + bucket_bytes);
    lanes_ = reinterpret_cast<T*>(bytes + bucket_bytes + rank_bytes);
    if (node_rank_ == 0) {
      std::uninitialized_default_construct_n(node_buckets_, buckets_.size());
      std::uninitialized_default_construct_n(node_ranks_, node_size_);
    }
    memory_->Publish();
  }

  std::span<NodeRank> Ranks() const { return {node_ranks_, static_cast<size_t>(node_size_)}; }

  // A rank's: head, then body.
  T* Lane(int64_t node_rank) const { return lanes_ + node_rank * lane_elements_; }

  T* Body(int64_t node_rank) const { return Lane(node_rank) + head_; }
  // The same where it holds values.
  float* Values(int64_t node_rank) const { return reinterpret_cast<float*>(Body(node_rank)); }

  bool AddToLane(int64_t begin, std::span<const float> values) {
    if (holds_ == Holds::kValues) {
      return SetFloat(values, limit_, Values(node_rank_) + begin);
    }
    T* const body = Body(node_rank_);
    bool in_range = true;
    for (int64_t from = begin; !values.empty();) {
      const int64_t index = from / kBlockElements;
      const int64_t block_begin = index * kBlockElements;
      const int64_t block_end = std::min(block_begin + kBlockElements, size_);
      const auto count = std::min(values.size(), static_cast<size_t>(block_end - from));
      const bool whole = std::cmp_equal(count, block_end - block_begin);
      Block& block = blocks_[static_cast<size_t>(index)];
      const std::lock_guard lock(block.lock);
      const bool first = block.step != step_;
      block.step = step_;
      if (first && !whole) {
        std::fill(body + block_begin, body + block_end, T{0});
      }
      in_range = (first && whole ? Arithmetic::Set(values.first(count), limit_, body + from)
                                 : Arithmetic::Add(values.first(count), limit_, body + from)) &&
                 in_range;
      values = values.subspan(count);
      from += static_cast<int64_t>(count);
    }
    return in_range;
  }

  // This rank's contributions to a bucket are in.
  void Arrive(size_t bucket) {
    node_buckets_[bucket].arrivals.fetch_add(1, std::memory_order_acq_rel);
  }
  bool CompleteOnNode(size_t bucket) const {
    return node_buckets_[bucket].arrivals.load(std::memory_order_acquire) >= step_ * node_size_;
  }
  bool SummedOnNode(size_t bucket) const {
    return node_buckets_[bucket].shares.load(std::memory_order_acquire) >= step_ * node_size_;
  }
  bool CompleteEverywhere(size_t bucket) const {
    return several_nodes_ ? node_buckets_[bucket].step.load(std::memory_order_acquire) >= step_
                          : CompleteOnNode(bucket);
  }

  template <typename Condition, typename Meanwhile>
  void WaitUntil(const Condition& condition, const Meanwhile& meanwhile) {
    Patience patience;
    while (!condition()) {
      if (in_step_ && several_nodes_) {
        Progress();
      } else if (patience.exhausted()) {  // MPI may still have something to pass on
        int found = 0;
        CheckMpi(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, handle_->communicator, &found,
                            MPI_STATUS_IGNORE),
                 kOperation);
      }
      if (!meanwhile()) {
        patience.Wait();
      }
    }
  }

  // The sums over the node's lanes of the body's [begin, end). `sums` may be the leader's lane
  // itself, if that holds no values.
  void SumLanes(int64_t begin, int64_t end, T* sums) const {
    const auto count = static_cast<size_t>(end - begin);
    bool any = false;
    for (int64_t rank = 0; rank < node_size_; ++rank) {
      const Holds holds = Ranks()[rank].holds;
      if (holds == Holds::kValues) {
        const std::span<const float> values(Values(rank) + begin, count);
        static_cast<void>(any ? Arithmetic::Add(values, limit_, sums)
                              : Arithmetic::Set(values, limit_, sums));
      } else if (holds == Holds::kSums) {
        MergeLane(std::span<const T>(Body(rank) + begin, count), any, sums);
      }
      any = any || holds != Holds::kNothing;
    }
    if (!any) {
      std::fill_n(sums, count, T{0});
    }
  }

  static void MergeLane(std::span<const T> lane, bool add, T* sums) {
    if (add) {
      for (size_t i = 0; i < lane.size(); ++i) {
        sums[i] += lane[i];
      }
    } else if (lane.data() != sums) {
      std::ranges::copy(lane, sums);
    }
  }

  // Every rank's head holds something. `sums` may be the leader's. Between nodes, the leader's
  // alone counts, once it has come back.
  void SumHeads(T* sums) const {
    MergeLane(std::span<const T>(Lane(0), static_cast<size_t>(head_)), false, sums);
    for (int64_t rank = 1; rank < node_size_ && !(several_nodes_ && there_); ++rank) {
      MergeLane(std::span<const T>(Lane(rank), static_cast<size_t>(head_)), true, sums);
    }
  }

  // Sums buckets in their order, and starts them as the leader, so that all leaders start the same
  // ones; tells the node which have come back.
  void Progress() {
    while (summed_ < buckets_.size() && CompleteOnNode(summed_)) {
      SumShare(summed_);
      ++summed_;
    }
    if (leaders_ == nullptr) {
      return;
    }
    while (started_ < buckets_.size() && SummedOnNode(started_)) {
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

  // Sums this rank's share of a bucket into the leader's lane.
  void SumShare(size_t index) {
    const Bucket& bucket = buckets_[index];
    const int64_t elements = bucket.end - bucket.begin;
    const int64_t begin = bucket.begin + elements * node_rank_ / node_size_;
    const int64_t end = bucket.begin + elements * (node_rank_ + 1) / node_size_;
    SumLanes(begin, end, Body(0) + begin);
    if (node_rank_ == 0 && index + 1 == buckets_.size()) {
      SumHeads(Lane(0));
    }
    node_buckets_[index].shares.fetch_add(1, std::memory_order_acq_rel);
  }

  void Start() {
    const bool last = started_ + 1 == buckets_.size();
    const Bucket& bucket = buckets_[started_];
    T* const begin = last ? Lane(0) : Lane(0) + head_ + bucket.begin;
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
  int64_t lane_elements_;  // from one lane to the next
  bool several_nodes_;
  std::unique_ptr<MpiHandle> handle_;
  std::unique_ptr<MpiHandle> leaders_;  // of the nodes; on other ranks, or for one node, none
  std::unique_ptr<NodeMemory> memory_;
  NodeBucket* node_buckets_ = nullptr;
  NodeRank* node_ranks_ = nullptr;
  T* lanes_ = nullptr;
  std::vector<T> heads_;       // summed
  std::vector<Block> blocks_;  // of this rank's body
  SpinLock head_lock_;
  std::deque<Bucket> buckets_;  // from the body's end to its beginning
  std::vector<MPI_Request> requests_;
  size_t summed_ = 0;   // buckets of this step into which this rank has summed its share
  size_t started_ = 0;  // by this leader: buckets of this step
  size_t reduced_ = 0;
  int64_t step_ = 0;
  double limit_ = 0;               // of this step
  Holds holds_ = Holds::kNothing;  // what this rank's lane does
  bool in_step_ = false;
  bool there_ = false;  // the sums of this step
  double wait_seconds_ = 0;
};

}  // namespace lockstep::comm
