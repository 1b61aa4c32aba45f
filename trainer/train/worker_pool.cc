#include "trainer/train/worker_pool.h"

#include <fmt/format.h>

#include <system_error>

#include "comm/patience.h"
#include "trainer/base/check.h"
#include "trainer/base/error.h"

namespace lockstep {

WorkerPool::WorkerPool(int workers, const std::function<void(int worker)>& on_start)
    : failures_(workers) {  // NOLINT(bugprone-throw-keyword-missing): a vector of exceptions
  CHECK_GE(workers, 1);
  try {
    for (int worker = 1; worker < workers; ++worker) {
      StartThread(worker, on_start);
    }
    on_start(0);
  } catch (...) {
    StopThreads();
    throw;
  }
}

WorkerPool::~WorkerPool() { StopThreads(); }

void WorkerPool::StartThread(int worker, const std::function<void(int worker)>& on_start) try {
  threads_.emplace_back([this, worker, on_start] { ThreadMain(worker, on_start); });
} catch (const std::system_error& error) {
  throw ConfigError(
      fmt::format("cannot start worker thread {} of {}: {}; use a smaller --threads, or raise the "
                  "limits on processes and memory (ulimit -u, ulimit -v)",
                  worker + 1, failures_.size(), error.code().message()));
}

void WorkerPool::StopThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_arrived_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void WorkerPool::RunOne(int worker) {
  try {
    (*work_)(worker);
  } catch (...) {
    failures_[worker] = std::current_exception();
  }
}

template <typename Condition>
void WorkerPool::WaitUntil(std::condition_variable* changed, const Condition& condition) {
  for (comm::Patience patience; !patience.exhausted(); patience.Wait()) {
    if (condition()) {
      return;
    }
  }
  std::unique_lock lock(mutex_);
  changed->wait(lock, condition);
}

void WorkerPool::Run(const std::function<void(int worker)>& work) {
  failures_.assign(failures_.size(), nullptr);
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    running_ = static_cast<int>(threads_.size());
    ++round_;
  }
  work_arrived_.notify_all();
  RunOne(0);
  WaitUntil(&work_done_, [this] { return running_ == 0; });
  for (const std::exception_ptr& failure : failures_) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
}

void WorkerPool::ThreadMain(int worker, const std::function<void(int worker)>& on_start) {
  on_start(worker);
  uint64_t last_round = 0;
  for (;;) {
    WaitUntil(&work_arrived_, [&] { return stopping_ || round_ != last_round; });
    if (stopping_) {
      return;
    }
    last_round = round_;
    RunOne(worker);
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    work_done_.notify_one();
  }
}

}  // namespace lockstep
