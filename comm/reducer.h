#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "comm/communicator.h"
#include "comm/range.h"

namespace lockstep::comm {

struct ReducerOptions {
  int64_t size = 0;                   // numbers in the gradient
  int64_t bucket_elements = 1 << 15;  // of one all-reduce (256 KiB of 64-bit integers), 1 to 2^30
  int64_t tallies = 0;                // integers that ride along
  // Elements that this rank is going to Read, for the most part. The speed alone depends on it:
  // what the node's other ranks read of this one's contributions is not kept in this processor's
  // cache.
  Range to_read = {};
};

// Sums the gradients of a step's microbatches over threads and ranks, while backward still
// computes: the gradient is one flat array, cut into buckets from its end, because backward
// finishes the last layers first; a bucket's all-reduce between nodes starts as soon as the last
// contribution of this one is in. The ranks of a node sum in memory that they share.
//
// A step: Begin; any number of Add and AddTally from any thread, with Poll now and then from the
// main thread; Await from the main thread once all contributions are in; any number of Read from
// any thread; Finish from the main thread. Sums that Has finds earlier can be read earlier. Calls
// in another order, or with sizes that do not fit, throw std::logic_error; failures of MPI throw
// Error.
class Reducer {
 public:
  virtual ~Reducer() = default;

  // `own`: how often this rank will Add every element, which may be 0; `all`: how often all ranks
  // together will. REQUIRES 0 <= own <= all, all >= 1.
  virtual void Begin(int64_t own, int64_t all) = 0;

  // Adds one contribution to elements [offset, offset + values.size()). Thread-safe.
  virtual void Add(int64_t offset, std::span<const float> values) = 0;

  // Adds `value` to a tally: an exact integer sum over all ranks, whatever the reducer.
  // Thread-safe.
  virtual void AddTally(int64_t tally, int64_t value) = 0;

  // Starts the all-reduce of buckets that are complete on this node, in the order of the buckets so
  // that all nodes start the same ones, and lets MPI make progress. Main thread only.
  virtual void Poll() = 0;

  // Collective. Waits until the sums over all ranks are there, and writes those of the tallies.
  // Returns whether every value on every rank was finite and in range; all ranks return the same.
  // If not, the gradient is meaningless, the tallies are not, and the next step starts afresh.
  // While it waits, calls meanwhile() over and over, for what can be done in some microseconds;
  // that returns whether there was something to do.
  virtual bool Await(std::span<int64_t> tallies, const std::function<bool()>& meanwhile) = 0;

  // Whether the sums over all ranks of the elements [begin, end) are there: once they are, until
  // Finish. Main thread only before Await has returned. Whoever reads them earlier must be able to
  // do without them: that all values were in range, Await alone knows.
  virtual bool Has(int64_t begin, int64_t end) const = 0;

  // Writes gradient = sum * scale (a product of doubles, rounded to float) of the elements from
  // `begin` on, as many as `gradient` has. REQUIRES that it Has them. Thread-safe.
  virtual void Read(int64_t begin, double scale, std::span<float> gradient) const = 0;

  // Ends the step: this rank has read what it wants to know.
  virtual void Finish() = 0;

  // Seconds that Await has waited for other ranks with nothing else to do, in all steps so far.
  virtual double wait_seconds() const = 0;

 protected:
  // Throw std::logic_error where the arguments of Begin, AddTally and Await are not what they must
  // be.
  static void CheckBegin(int64_t own, int64_t all);
  static void CheckTally(const ReducerOptions& options, int64_t tally);
  static void CheckAwait(const ReducerOptions& options, std::span<const int64_t> tallies);
};

// Sums in 64-bit fixed point (exact_sum.h): the result is the same, bit for bit, however the
// contributions are dealt to threads and ranks, and whatever their order. 8 bytes an element
// between nodes. A value of GradientLimit(all) or more counts as out of range.
std::unique_ptr<Reducer> MakeExactReducer(const Communicator& communicator,
                                          const ReducerOptions& options);

// Sums in 32-bit floating point: half the bytes; the result depends on ranks, threads and order.
// A value counts as out of range if `all` values of its size could overflow.
std::unique_ptr<Reducer> MakeFloatReducer(const Communicator& communicator,
                                          const ReducerOptions& options);

}  // namespace lockstep::comm
