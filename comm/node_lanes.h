#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "comm/communicator.h"
#include "comm/float_sum.h"
#include "comm/node_memory.h"
#include "comm/range.h"
#include "comm/spin_lock.h"

namespace lockstep::comm {

// A flat array of sums for each rank of a node: its lane. A rank adds to its own, its threads one
// after the other; all lanes are in memory that the ranks share, so each of them can sum any part
// of them, once all have added what they had.
//
// `Arithmetic` says what a sum is made of: a type Sum, and
//   bool Set(std::span<const float> values, double limit, Sum* sums)
//   bool Add(std::span<const float> values, double limit, Sum* sums)
// which write values to fresh sums, or add them to sums, and return whether all |values| < limit.
//
// A lane's numbers, the body, have a head of a few in front, to which single ones are added.
template <typename Arithmetic>
class NodeLanes {
  using T = typename Arithmetic::Sum;

 public:
  // What a rank's body holds in a step.
  enum class Holds : uint8_t {
    kNothing,
    kValues,  // floats as they came, each once: half the bytes from one processor's cache to
              // another's
    kSums,
  };

  // Collective. `to_read`: what this rank itself will sum of the bodies.
  NodeLanes(const Communicator& communicator, int64_t head, int64_t size, Range to_read)
      : head_(head),
        size_(size),
        to_read_(to_read),
        stride_(WholeLines(head + size)),
        ranks_(communicator.node_size()),
        own_(communicator.node_rank()),
        memory_(communicator, static_cast<size_t>(ranks_) * sizeof(RankState) +
                                  static_cast<size_t>(ranks_ * stride_) * sizeof(T)),
        states_(reinterpret_cast<RankState*>(memory_.bytes().data())),
        lanes_(reinterpret_cast<T*>(states_ + ranks_)),
        blocks_(static_cast<size_t>((size + kBlockElements - 1) / kBlockElements)) {
    if (own_ == 0) {
      std::uninitialized_default_construct_n(states_, ranks_);
    }
    memory_.Publish();
  }

  // Starts a step: the own lane's head is zero, and its body will hold what `holds` says, of values
  // below `limit`. REQUIRES that all ranks have finished the step before.
  void Begin(Holds holds, double limit) {
    ++step_;
    limit_ = limit;
    holds_ = holds;
    states_[own_].holds = holds;
    std::fill_n(Lane(own_), head_, T{0});
  }

  // Adds values to the own body's elements from `begin` on. Returns whether all are below the limit
  // in magnitude; if not, what becomes of them is meaningless. Thread-safe.
  bool Add(int64_t begin, std::span<const float> values) {
    if (holds_ == Holds::kValues) {
      return SetValues(begin, values);
    }
    bool in_range = true;
    while (!values.empty()) {
      const int64_t block = begin / kBlockElements;
      const int64_t left = std::min((block + 1) * kBlockElements, size_) - begin;
      const size_t count = std::min(values.size(), static_cast<size_t>(left));
      in_range = AddToBlock(block, begin, values.first(count)) && in_range;
      values = values.subspan(count);
      begin += static_cast<int64_t>(count);
    }
    return in_range;
  }

  // Adds to an element of the own head. Thread-safe.
  void AddToHead(int64_t index, T value) {
    const std::lock_guard lock(head_lock_);
    Lane(own_)[index] += value;
  }

  // This rank will neither add to its lane nor read others' any more in this step.
  void Finish() { states_[own_].finished.store(step_, std::memory_order_release); }
  // Whether all ranks have finished the step.
  bool FinishedEverywhere() const {
    return std::all_of(states_, states_ + ranks_, [this](const RankState& rank) {
      return rank.finished.load(std::memory_order_acquire) >= step_;
    });
  }

  // Steps begun.
  int64_t step() const { return step_; }

  // The sums over all lanes of the body's [begin, end), and of the heads, into `sums`: this may be
  // the same place in the first rank's lane, if that holds no values. REQUIRES that all ranks have
  // added there what they had, and that this rank knows it.
  void SumBodies(int64_t begin, int64_t end, T* sums) const {
    const auto count = static_cast<size_t>(end - begin);
    bool any = false;
    for (int64_t rank = 0; rank < ranks_; ++rank) {
      const Holds holds = states_[rank].holds;
      if (holds == Holds::kValues) {
        const std::span<const float> values(Values(rank) + begin, count);
        static_cast<void>(any ? Arithmetic::Add(values, limit_, sums)
                              : Arithmetic::Set(values, limit_, sums));
      } else if (holds == Holds::kSums) {
        Merge(std::span<const T>(Body(rank) + begin, count), any, sums);
      }
      any = any || holds != Holds::kNothing;
    }
    if (!any) {
      std::fill_n(sums, count, T{0});
    }
  }
  void SumHeads(T* sums) const {
    for (int64_t rank = 0; rank < ranks_; ++rank) {
      Merge(std::span<const T>(Lane(rank), static_cast<size_t>(head_)), rank > 0, sums);
    }
  }

  // The first rank's lane: head, then body.
  T* first() const { return lanes_; }

  // See NodeMemory.
  void Abandon() { memory_.Abandon(); }

 private:
  static constexpr size_t kLineBytes = 64;
  // The grain of locking: threads that work on the same stretch follow each other closely.
  static constexpr int64_t kBlockElements = 4096;

  // What a rank tells its node of itself.
  struct alignas(kLineBytes) RankState {
    std::atomic<int64_t> finished = 0;  // steps
    Holds holds = Holds::kNothing;      // in this step
  };

  // A stretch of the own body that one thread adds to at a time.
  struct alignas(kLineBytes) Block {
    SpinLock lock;
    int64_t step = 0;  // whose sums it holds; those of an older one are to be forgotten
  };

  static constexpr int64_t WholeLines(int64_t elements) {
    constexpr int64_t kLine = kLineBytes / sizeof(T);
    return (elements + kLine - 1) / kLine * kLine;
  }

  T* Lane(int64_t rank) const { return lanes_ + rank * stride_; }
  T* Body(int64_t rank) const { return Lane(rank) + head_; }
  // The same where it holds values: in other steps the same memory holds sums.
  float* Values(int64_t rank) const { return reinterpret_cast<float*>(Body(rank)); }

  // Keeps in this processor's cache what this rank reads.
  bool SetValues(int64_t begin, std::span<const float> values) {
    const auto within = [&](int64_t place) {
      return static_cast<size_t>(std::clamp<int64_t>(place - begin, 0, std::ssize(values)));
    };
    const size_t own = within(to_read_.begin);
    const size_t after = std::max(own, within(to_read_.end));
    float* const lane = Values(own_) + begin;
    const bool before_fits = StreamFloat(values.first(own), limit_, lane);
    const bool own_fits = SetFloat(values.subspan(own, after - own), limit_, lane + own);
    const bool after_fits = StreamFloat(values.subspan(after), limit_, lane + after);
    return before_fits && own_fits && after_fits;
  }

  bool AddToBlock(int64_t index, int64_t begin, std::span<const float> values) {
    const int64_t block_begin = index * kBlockElements;
    const int64_t block_end = std::min(block_begin + kBlockElements, size_);
    T* const body = Body(own_);
    Block& block = blocks_[static_cast<size_t>(index)];
    const std::lock_guard lock(block.lock);
    const bool fresh = block.step != step_;
    block.step = step_;
    if (fresh && std::cmp_equal(values.size(), block_end - block_begin)) {
      return Arithmetic::Set(values, limit_, body + begin);
    }
    if (fresh) {
      std::fill(body + block_begin, body + block_end, T{0});
    }
    return Arithmetic::Add(values, limit_, body + begin);
  }

  // Integers wrap: sums of values out of range are meaningless, but may be read before that is
  // known.
  static T Plus(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      using Wrapping = std::make_unsigned_t<T>;
      return static_cast<T>(static_cast<Wrapping>(a) + static_cast<Wrapping>(b));
    } else {
      return a + b;
    }
  }

  static void Merge(std::span<const T> lane, bool add, T* sums) {
    if (add) {
      for (size_t i = 0; i < lane.size(); ++i) {
        sums[i] = Plus(sums[i], lane[i]);
      }
    } else if (lane.data() != sums) {
      std::ranges::copy(lane, sums);
    }
  }

  int64_t head_;
  int64_t size_;  // of a body
  Range to_read_;
  int64_t stride_;  // from one lane to the next
  int64_t ranks_;   // of the node
  int64_t own_;     // this rank's number among them
  NodeMemory memory_;
  RankState* states_;
  T* lanes_;
  std::vector<Block> blocks_;
  SpinLock head_lock_;
  int64_t step_ = 0;
  double limit_ = 0;               // of this step
  Holds holds_ = Holds::kNothing;  // what the own body does in this step
};

}  // namespace lockstep::comm
