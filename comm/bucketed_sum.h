#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "comm/communicator.h"
#include "comm/mpi_call.h"
#include "comm/node_lanes.h"
#include "comm/node_memory.h"
#include "comm/patience.h"
#include "comm/pieces.h"
#include "comm/range.h"
#include "comm/stopwatch.h"

namespace lockstep::comm {

// Buckets of a flat array of sums over threads and ranks. Every rank adds to its lane, and each
// rank of a node can read any part of the node's sums as soon as all lanes have it. Between nodes,
// the ranks first sum their lanes into that of the first, the leader, each a share of every bucket,
// and the leaders all-reduce them, on a communicator of their own, so that nothing else that the
// ranks say to each other comes between.
//
// The lanes' head is part of the last bucket, which is complete in Await: so it may be added to
// until then. `Arithmetic`: see NodeLanes.
template <typename Arithmetic>
class BucketedSum {
  using T = typename Arithmetic::Sum;
  using Lanes = NodeLanes<Arithmetic>;

 public:
  // Collective. `to_read`: see ReducerOptions.
  BucketedSum(const Communicator& communicator, int64_t head, int64_t size, int64_t bucket_elements,
              Range to_read = {})
      : head_(head),
        size_(size),
        bucket_elements_(bucket_elements),
        buckets_(Cut(head, size, bucket_elements)),
        requests_(buckets_.size(), MPI_REQUEST_NULL),
        node_size_(communicator.node_size()),
        node_rank_(communicator.node_rank()),
        several_nodes_(communicator.node_size() < communicator.size()),
        handle_(Duplicate(communicator.handle().communicator)),
        lanes_(communicator, head, size, to_read),
        memory_(communicator, buckets_.size() * sizeof(NodeBucket)),
        node_buckets_(reinterpret_cast<NodeBucket*>(memory_.bytes().data())),
        heads_(static_cast<size_t>(head)) {
    if (several_nodes_) {
      leaders_ = Split(handle_->communicator, node_rank_ == 0 ? 0 : MPI_UNDEFINED);
    }
    if (node_rank_ == 0) {
      std::uninitialized_default_construct_n(node_buckets_, buckets_.size());
    }
    memory_.Publish();
  }

  // Memory that others still read or MPI writes to (a step was given up) is left to them.
  ~BucketedSum() {
    if (in_step_) {
      memory_.Abandon();
      lanes_.Abandon();
    }
  }

  BucketedSum(const BucketedSum&) = delete;
  BucketedSum& operator=(const BucketedSum&) = delete;

  // Starts a step in which this rank contributes every element `contributions` times, every time
  // below `limit`. Waits for the node's ranks that have not finished the step before. Main thread
  // only, as all but Contribute, AddToHead, Has and Read.
  void Begin(int64_t contributions, double limit) {
    if (in_step_) {
      throw std::logic_error("Begin of a step before Finish of the last one");
    }
    WaitUntil([&] { return lanes_.FinishedEverywhere(); }, [] { return false; });
    in_step_ = true;
    summed_ = 0;
    started_ = 0;
    reduced_ = 0;
    // Between nodes, the leader's lane must hold sums.
    const bool once = contributions == 1 && node_size_ > 1 && !several_nodes_;
    lanes_.Begin(contributions == 0 ? Lanes::Holds::kNothing
                 : once             ? Lanes::Holds::kValues
                                    : Lanes::Holds::kSums,
                 limit);
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
      const size_t index = BucketOf(offset);
      Bucket& bucket = buckets_[index];
      const int64_t bucket_end = std::min(end, bucket.end);
      const int64_t elements = bucket_end - offset;
      if (bucket.missing < elements) {
        throw std::logic_error("more contributions than Begin has announced");
      }
      const auto part =
          values.subspan(static_cast<size_t>(offset - begin), static_cast<size_t>(elements));
      in_range = lanes_.Add(offset, part) && in_range;
      if (bucket.missing.fetch_sub(elements) == elements && index + 1 < buckets_.size()) {
        Arrive(index);
      }
      offset = bucket_end;
    }
    return in_range;
  }

  // Adds to an element of the head, between Begin and Await. Thread-safe.
  void AddToHead(int64_t index, T value) { lanes_.AddToHead(index, value); }

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
                  wait_seconds_ -= worked ? seconds : 0;
                  return worked;
                });
    }
    there_ = true;
    if (several_nodes_) {
      std::copy_n(lanes_.first(), head_, heads_.data());
    } else {
      lanes_.SumHeads(heads_.data());
    }
    head(std::span<const T>(heads_));
  }

  // Whether the sums over all ranks of the body's [begin, end) are there. Before Await nobody knows
  // whether all values were below the limit; if not, they are meaningless.
  bool Has(int64_t begin, int64_t end) const {
    if (begin < 0 || begin > end || end > size_) {
      throw std::logic_error("sums beyond the end of the gradient");
    }
    if (there_ || !in_step_) {
      return there_;
    }
    for (int64_t from = begin; from < end;) {
      const size_t bucket = BucketOf(from);
      if (!CompleteEverywhere(bucket)) {
        return false;
      }
      from = buckets_[bucket].end;
    }
    return true;
  }

  // Calls consume(offset, sums) for consecutive pieces of the body's [begin, end), of which it Has
  // the sums. Thread-safe.
  template <typename Consume>
  void Read(int64_t begin, int64_t end, const Consume& consume) const {
    if (!Has(begin, end)) {
      throw std::logic_error("Read of sums that are not there");
    }
    if (several_nodes_ || node_size_ == 1) {
      const T* const body = lanes_.first() + head_;
      consume(begin, std::span<const T>(body + begin, body + end));
      return;
    }
    std::array<T, kPieceElements> sums;
    for (int64_t from = begin; from < end; from += kPieceElements) {
      const int64_t to = std::min(from + kPieceElements, end);
      lanes_.SumBodies(from, to, sums.data());
      consume(from, std::span<const T>(sums).first(static_cast<size_t>(to - from)));
    }
  }

  // Ends the step: this rank has read what it wanted.
  void Finish() {
    if (!there_) {
      throw std::logic_error("Finish of a step before Await");
    }
    in_step_ = there_ = false;
    lanes_.Finish();
  }

  // Seconds that Await has waited for other ranks with nothing else to do, in all steps so far.
  double wait_seconds() const { return wait_seconds_; }

 private:
  static constexpr const char* kOperation = "the all-reduce of gradients";
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

  // From the body's end to its beginning.
  static std::deque<Bucket> Cut(int64_t head, int64_t size, int64_t bucket_elements) {
    if (head < 0 || size < 0 || bucket_elements < 1 || head + bucket_elements > kLargestPiece) {
      throw std::logic_error("BucketedSum: a bucket, with the head, has 1 to 2^30 elements");
    }
    std::deque<Bucket> buckets;
    int64_t end = size;
    do {
      const int64_t begin = std::max<int64_t>(0, end - bucket_elements);
      buckets.emplace_back(begin, end);
      end = begin;
    } while (end > 0);
    return buckets;
  }

  // Where an element of the body is.
  size_t BucketOf(int64_t element) const {
    return static_cast<size_t>((size_ - 1 - element) / bucket_elements_);
  }

  // This rank's contributions to a bucket are in.
  void Arrive(size_t bucket) {
    node_buckets_[bucket].arrivals.fetch_add(1, std::memory_order_acq_rel);
  }
  bool CompleteOnNode(size_t bucket) const {
    return node_buckets_[bucket].arrivals.load(std::memory_order_acquire) >=
           lanes_.step() * node_size_;
  }
  bool SummedOnNode(size_t bucket) const {
    return node_buckets_[bucket].shares.load(std::memory_order_acquire) >=
           lanes_.step() * node_size_;
  }
  bool CompleteEverywhere(size_t bucket) const {
    return several_nodes_
               ? node_buckets_[bucket].step.load(std::memory_order_acquire) >= lanes_.step()
               : CompleteOnNode(bucket);
  }

  template <typename Condition, typename Meanwhile>
  void WaitUntil(const Condition& condition, const Meanwhile& meanwhile) {
    Patience patience;
    while (!condition()) {
      if (in_step_ && several_nodes_) {
        Progress();
      }
      if (patience.exhausted()) {
        LetMpiProgress(*handle_);
      }
      if (!meanwhile()) {
        patience.Wait();
      }
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
      node_buckets_[reduced_].step.store(lanes_.step(), std::memory_order_release);
      ++reduced_;
    }
  }

  // Sums this rank's share of a bucket into the leader's lane.
  void SumShare(size_t index) {
    const Bucket& bucket = buckets_[index];
    const int64_t elements = bucket.end - bucket.begin;
    const int64_t begin = bucket.begin + elements * node_rank_ / node_size_;
    const int64_t end = bucket.begin + elements * (node_rank_ + 1) / node_size_;
    lanes_.SumBodies(begin, end, lanes_.first() + head_ + begin);
    if (node_rank_ == 0 && index + 1 == buckets_.size()) {
      lanes_.SumHeads(lanes_.first());
    }
    node_buckets_[index].shares.fetch_add(1, std::memory_order_acq_rel);
  }

  void Start() {
    const bool last = started_ + 1 == buckets_.size();
    const Bucket& bucket = buckets_[started_];
    T* const begin = lanes_.first() + (last ? 0 : head_ + bucket.begin);
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
  std::deque<Bucket> buckets_;
  std::vector<MPI_Request> requests_;  // of the leader, for each bucket
  int64_t node_size_;
  int64_t node_rank_;
  bool several_nodes_;
  std::unique_ptr<MpiHandle> handle_;
  std::unique_ptr<MpiHandle> leaders_;  // of the nodes; on other ranks, or for one node, none
  Lanes lanes_;
  NodeMemory memory_;
  NodeBucket* node_buckets_;
  std::vector<T> heads_;  // summed
  size_t summed_ = 0;     // buckets of this step into which this rank has summed its share
  size_t started_ = 0;    // by this leader: buckets of this step
  size_t reduced_ = 0;
  bool in_step_ = false;
  bool there_ = false;  // the sums of this step
  double wait_seconds_ = 0;
};

}  // namespace lockstep::comm
