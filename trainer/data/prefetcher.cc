#include "trainer/data/prefetcher.h"

#include <chrono>
#include <ctime>
#include <iterator>
#include <utility>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

// Seconds that this thread has been running on a processor.
double ThreadSeconds() {
  timespec time{};
  CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

Prefetcher::Lease::Lease(Lease&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), buffer_(other.buffer_) {}

Prefetcher::Lease& Prefetcher::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    GiveBack();
    owner_ = std::exchange(other.owner_, nullptr);
    buffer_ = other.buffer_;
  }
  return *this;
}

Prefetcher::Lease::~Lease() { GiveBack(); }

void Prefetcher::Lease::GiveBack() {
  if (owner_ == nullptr) {
    return;
  }
  const std::scoped_lock lock(owner_->mutex_);
  owner_->free_.splice(owner_->free_.end(), owner_->leased_, buffer_);
  owner_->freed_or_stopping_.notify_one();
  owner_ = nullptr;
}

Prefetcher::Prefetcher(BatchLoader loader, NextRequest next, int buffers,
                       const std::function<void()>& on_start)
    : loader_(std::move(loader)), next_(std::move(next)) {
  CHECK_GE(buffers, 1);
  free_.resize(static_cast<size_t>(buffers));
  thread_ = std::thread([this, on_start] {
    on_start();
    Run();
  });
}

Prefetcher::~Prefetcher() { Stop(); }

std::optional<Prefetcher::Lease> Prefetcher::Take() {
  std::unique_lock lock(mutex_);
  const auto decided = [this] { return !ready_.empty() || ended_ || stopping_; };
  if (!decided()) {
    const auto start = std::chrono::steady_clock::now();
    loaded_or_ended_.wait(lock, decided);
    wait_seconds_ +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  if (stopping_) {
    return std::nullopt;
  }
  if (!ready_.empty()) {
    leased_.splice(leased_.end(), ready_, ready_.begin());
    return Lease(this, std::prev(leased_.end()));
  }
  if (error_) {
    std::rethrow_exception(error_);
  }
  return std::nullopt;
}

void Prefetcher::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  loaded_or_ended_.notify_all();
  freed_or_stopping_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

double Prefetcher::wait_seconds() const {
  const std::scoped_lock lock(mutex_);
  return wait_seconds_;
}

double Prefetcher::load_seconds() const {
  const std::scoped_lock lock(mutex_);
  return load_seconds_;
}

void Prefetcher::Run() {
  std::exception_ptr error;
  try {
    while (const auto buffer = FreeBuffer()) {
      const std::optional<MicrobatchRequest> request = next_();
      if (!request) {
        break;
      }
      const double start = ThreadSeconds();
      loader_.Load(*request, &**buffer);
      const double seconds = ThreadSeconds() - start;
      const std::scoped_lock lock(mutex_);
      load_seconds_ += seconds;
      ready_.splice(ready_.end(), loading_, *buffer);
      loaded_or_ended_.notify_one();
    }
  } catch (...) {
    error = std::current_exception();
  }
  const std::scoped_lock lock(mutex_);
  error_ = error;
  ended_ = true;
  loaded_or_ended_.notify_all();
}

std::optional<std::list<Microbatch>::iterator> Prefetcher::FreeBuffer() {
  std::unique_lock lock(mutex_);
  freed_or_stopping_.wait(lock, [this] { return !free_.empty() || stopping_; });
  if (stopping_) {
    return std::nullopt;
  }
  loading_.splice(loading_.end(), free_, free_.begin());
  return loading_.begin();
}

}  // namespace lockstep
