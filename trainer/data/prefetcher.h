#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "trainer/data/batch_loader.h"

namespace lockstep {

struct PrefetcherOptions {
  // REQUIRES more than the leases held at any time.
  int buffers = 1;
  // A thread of its own loads ahead. Where it would have no processor to itself, it is better that
  // consumers load what they take than that they are interrupted at any time.
  bool ahead = true;
  // What that thread calls first.
  std::function<void()> on_start = [] {};
};

// Loads microbatches, ahead of the threads that compute on them, into a fixed set of buffers that
// are used over and over. A consumer that finds nothing loaded, nor being loaded, does it itself.
class Prefetcher {
 public:
  // Names the next microbatch to load, none at the end. Called by one thread at a time. What it
  // throws reaches the consumers as an exception of Take().
  using NextRequest = std::function<std::optional<MicrobatchRequest>()>;

  // A loaded microbatch, held by one consumer. Gives the buffer back when destroyed, which must
  // happen before the prefetcher is.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();

    const Microbatch& operator*() const { return *buffer_; }
    const Microbatch* operator->() const { return &*buffer_; }

   private:
    friend class Prefetcher;
    Lease(Prefetcher* owner, std::list<Microbatch>::iterator buffer)
        : owner_(owner), buffer_(buffer) {}
    void GiveBack();

    Prefetcher* owner_;  // nullptr after a move
    std::list<Microbatch>::iterator buffer_;
  };

  // Starts loading, if it is to load ahead.
  Prefetcher(BatchLoader loader, NextRequest next, const PrefetcherOptions& options);
  // Stops.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // The next microbatch, in the order of the requests; waits for it, or loads it. None after the
  // last one and after Stop(). Rethrows what loading has thrown, in every call from then on, once
  // the microbatches before it are taken. Thread-safe.
  std::optional<Lease> Take();

  // For a consumer that waits for something else: loads a few samples of the next microbatch,
  // unless somebody else loads, or all buffers are full. Returns whether it has loaded any.
  // Thread-safe.
  bool LoadSome();

  // Ends loading and makes every Take() return none; waits for the microbatch being loaded. May be
  // called while other threads are in Take(), but by one thread only.
  void Stop();

  // Seconds that consumers have waited in Take() or loaded there, summed over them. Thread-safe.
  double wait_seconds() const;
  // Seconds of a processor that loading has taken, waiting left out. Thread-safe.
  double load_seconds() const;

 private:
  void Run();
  // Whether a thread may load now: nobody does, and there is a buffer for it.
  bool CanLoad() const { return !busy_ && !(loading_.empty() && free_.empty()); }
  // Loads up to `most` samples of the microbatch in loading_, or begins with the next one in a free
  // buffer; moves it to ready_ when it is complete; or ends. REQUIRES CanLoad(). `lock`, of mutex_,
  // is let go meanwhile.
  void LoadSamples(int64_t most, std::unique_lock<std::mutex>* lock);
  // Without the lock. `begun`: there is something in the buffer already.
  enum class Loaded { kPart, kAll, kNothing };
  Loaded Load(bool begun, int64_t most, Microbatch* buffer);

  BatchLoader loader_;
  NextRequest next_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable loaded_or_ended_;
  std::condition_variable may_load_or_ended_;
  // Each buffer is in one list; nodes move between lists, so nothing is allocated after the start.
  std::list<Microbatch> free_;
  std::list<Microbatch> loading_;  // one at most, perhaps in part
  std::list<Microbatch> ready_;
  std::list<Microbatch> leased_;
  bool busy_ = false;  // a thread loads
  bool stopping_ = false;
  bool ended_ = false;  // nothing more is added to ready_
  std::exception_ptr error_;
  double wait_seconds_ = 0.0;
  double load_seconds_ = 0.0;

  std::thread thread_;
};

}  // namespace lockstep
