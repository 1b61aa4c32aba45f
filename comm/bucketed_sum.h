#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "comm/communicator.h"
#include "comm/mpi_call.h"
#include "comm/pieces.h"
#include "comm/stopwatch.h"

namespace lockstep::comm {

// Buckets of a flat array of sums and their all-reduce. What a contribution adds is the caller's
// business; this class knows when a bucket is complete and talks to MPI, on a communicator of its
// own, so that nothing else that the ranks say to each other comes between.
//
// The array, its body, has a head of `head` elements in front that belong to no contribution. The
// head is part of the last bucket, which starts in Finish: so it may be added to until then.
template <typename T>
class BucketedSum {
 public:
  BucketedSum(const Communicator& communicator, int64_t head, int64_t size, int64_t bucket_elements)
      : handle_(Duplicate(communicator.handle().communicator)),
        head_(head),
        size_(size),
        bucket_elements_(bucket_elements) {
    if (head < 0 || size < 0 || bucket_elements < 1 || head + bucket_elements > kLargestPiece) {
      throw std::logic_error("BucketedSum: a bucket, with the head, has 1 to 2^30 elements");
    }
    sums_.resize(static_cast<size_t>(head + size));
    const int64_t count = std::max<int64_t>(1, (size + bucket_elements - 1) / bucket_elements);
    for (int64_t i = 0; i < count; ++i) {
      buckets_.emplace_back(std::max<int64_t>(0, size - (i + 1) * bucket_elements),
                            size - i * bucket_elements);
    }
    requests_.resize(buckets_.size(), MPI_REQUEST_NULL);
    block_mutexes_ =
        std::vector<std::mutex>(static_cast<size_t>((size + kBlockElements - 1) / kBlockElements));
  }

  // Memory that MPI still writes to (a step was given up) is left to the end of the process.
  ~BucketedSum() {
    if (std::ranges::any_of(requests_, [](MPI_Request r) { return r != MPI_REQUEST_NULL; })) {
      static_cast<void>(std::make_unique<std::vector<T>>(std::move(sums_)).release());
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
    started_ = 0;
    for (Bucket& bucket : buckets_) {
      bucket.missing = contributions * (bucket.end - bucket.begin);
    }
  }

  // Calls add(offset, sums) for consecutive pieces of the body's [offset, offset + count), for each
  // element one thread at a time. Thread-safe.
  template <typename Add>
  void Contribute(int64_t offset, int64_t count, const Add& add) {
    const int64_t end = offset + count;
    if (offset < 0 || count < 0 || end > size_) {
      throw std::logic_error("a contribution beyond the end of the gradient");
    }
    while (offset < end) {
      Bucket& bucket = BucketOf(offset);
      const int64_t bucket_end = std::min(end, bucket.end);
      if (bucket.missing < bucket_end - offset) {
        throw std::logic_error("more contributions than Begin has announced");
      }
      AddBlocks(offset, bucket_end, add);
      bucket.missing -= bucket_end - offset;
      offset = bucket_end;
    }
  }

  // Adds to an element of the head, between Begin and Finish. Thread-safe.
  void AddToHead(int64_t index, T value) {
    std::atomic_ref(sums_[static_cast<size_t>(index)]) += value;
  }

  // Starts what is complete but the last bucket, and lets MPI make progress. Main thread only.
  void Poll() {
    while (in_step_ && started_ + 1 < buckets_.size() && buckets_[started_].missing == 0) {
      Start();
    }
    if (started_ > 0) {
      int done = 0;
      CheckMpi(
          MPI_Testall(static_cast<int>(started_), requests_.data(), &done, MPI_STATUSES_IGNORE),
          kOperation);
    }
  }

  // Starts the rest, calls consume(offset, sums) for each bucket's part of the body as soon as its
  // sums over all ranks are there, and sets them to zero; and then head(sums). REQUIRES all
  // contributions to be in. Main thread only.
  template <typename Consume, typename ConsumeHead>
  void Finish(const Consume& consume, const ConsumeHead& head) {
    const auto is_complete = [](const Bucket& bucket) { return bucket.missing == 0; };
    if (!in_step_ || !std::ranges::all_of(buckets_, is_complete)) {
      throw std::logic_error("Finish before all contributions are in");
    }
    while (started_ < buckets_.size()) {
      Start();
    }
    for (size_t i = 0; i < buckets_.size(); ++i) {
      {
        const Stopwatch stopwatch(&wait_seconds_);
        CheckMpi(MPI_Wait(&requests_[i], MPI_STATUS_IGNORE), kOperation);
      }
      const std::span sums = Body(buckets_[i].begin, buckets_[i].end);
      consume(buckets_[i].begin, std::span<const T>(sums));
      std::ranges::fill(sums, T{0});
    }
    const std::span head_sums = std::span(sums_).first(static_cast<size_t>(head_));
    head(std::span<const T>(head_sums));
    std::ranges::fill(head_sums, T{0});
    in_step_ = false;
  }

  // Seconds that Finish has waited for MPI, in all steps so far.
  double wait_seconds() const { return wait_seconds_; }

 private:
  static constexpr const char* kOperation = "the all-reduce of gradients";
  // The grain of locking: threads that work on the same bucket follow each other closely.
  static constexpr int64_t kBlockElements = 4096;

  struct Bucket {
    Bucket(int64_t first, int64_t past_last) : begin(first), end(past_last) {}
    int64_t begin;  // in the body
    int64_t end;
    std::atomic<int64_t> missing = 0;  // elements times contributions
  };

  Bucket& BucketOf(int64_t offset) {
    return buckets_[static_cast<size_t>((size_ - 1 - offset) / bucket_elements_)];
  }

  std::span<T> Body(int64_t begin, int64_t end) {
    return std::span(sums_).subspan(static_cast<size_t>(head_ + begin),
                                    static_cast<size_t>(end - begin));
  }

  template <typename Add>
  void AddBlocks(int64_t begin, int64_t end, const Add& add) {
    while (begin < end) {
      const int64_t block = begin / kBlockElements;
      const int64_t block_end = std::min(end, (block + 1) * kBlockElements);
      const std::lock_guard lock(block_mutexes_[static_cast<size_t>(block)]);
      add(begin, Body(begin, block_end));
      begin = block_end;
    }
  }

  void Start() {
    const bool last = started_ + 1 == buckets_.size();
    const Bucket& bucket = buckets_[started_];
    const int64_t begin = last ? 0 : head_ + bucket.begin;
    const MPI_Datatype type = std::is_same_v<T, float> ? MPI_FLOAT : MPI_INT64_T;
    CheckMpi(MPI_Iallreduce(MPI_IN_PLACE, sums_.data() + begin,
                            static_cast<int>(head_ + bucket.end - begin), type, MPI_SUM,
                            handle_->communicator, &requests_[started_]),
             kOperation);
    ++started_;
  }

  std::unique_ptr<MpiHandle> handle_;
  int64_t head_;
  int64_t size_;
  int64_t bucket_elements_;
  std::vector<T> sums_;         // head, then body
  std::deque<Bucket> buckets_;  // from the body's end to its beginning
  std::vector<MPI_Request> requests_;
  std::vector<std::mutex> block_mutexes_;
  size_t started_ = 0;
  bool in_step_ = false;
  double wait_seconds_ = 0;
};

}  // namespace lockstep::comm
