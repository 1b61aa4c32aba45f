#include "trainer/train/worker_pool.h"

#include "trainer/base/check.h"

namespace lockstep {

WorkerPool::WorkerPool(int workers, const std::function<void(int worker)>& on_start)
    : failures_(workers) {  // NOLINT(bugprone-throw-keyword-missing): a vector of exceptions
  CHECK_GE(workers, 1);
  for (int worker = 1; worker < workers; ++worker) {
    threads_.emplace_back([this, worker, on_start] { ThreadMain(worker, on_start); });
  }
  on_start(0);
}

WorkerPool::~WorkerPool() {
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
  {
    std::unique_lock lock(mutex_);
    work_done_.wait(lock, [this] { return running_ == 0; });
    work_ = nullptr;
  }
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
    {
      std::unique_lock lock(mutex_);
      work_arrived_.wait(lock, [&] { return stopping_ || round_ != last_round; });
      if (stopping_) {
        return;
      }
      last_round = round_;
    }
    RunOne(worker);
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    work_done_.notify_one();
  }
}

}  // namespace lockstep
