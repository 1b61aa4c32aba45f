#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lockstep {

// The threads of a rank. Worker 0 is the thread that calls Run: the only one that may talk to MPI.
class WorkerPool {
 public:
  // `workers` >= 1. `on_start(worker)` runs first on each new thread, and on the caller's for
  // worker 0, for example to pin it. Throws ConfigError when the system gives no more threads.
  WorkerPool(int workers, const std::function<void(int worker)>& on_start);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // Runs work(worker) once on every worker and returns when all are done. Throws what the lowest
  // worker that failed threw.
  void Run(const std::function<void(int worker)>& work);

 private:
  void StartThread(int worker, const std::function<void(int worker)>& on_start);
  void StopThreads();
  void ThreadMain(int worker, const std::function<void(int worker)>& on_start);
  void RunOne(int worker);

  // Waits until condition() is true. Whoever makes it true does so under the mutex, and notifies.
  // A step has several rounds, some of microseconds: so it looks for a while before it sleeps.
  template <typename Condition>
  void WaitUntil(std::condition_variable* changed, const Condition& condition);

  std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::condition_variable work_done_;
  const std::function<void(int worker)>* work_ = nullptr;
  std::atomic<uint64_t> round_ = 0;
  std::atomic<int> running_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::exception_ptr> failures_;
  std::vector<std::thread> threads_;
};

}  // namespace lockstep
