#include "trainer/data/prefetcher.h"

#include <chrono>
#include <ctime>
#include <iterator>
#include <limits>
#include <utility>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

constexpr int64_t kAllSamples = std::numeric_limits<int64_t>::max();
// Some microseconds' worth, more with augmentation.
constexpr int64_t kFewSamples = 4;

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
  owner_->may_load_or_ended_.notify_one();
  owner_ = nullptr;
}

Prefetcher::Prefetcher(BatchLoader loader, NextRequest next, const PrefetcherOptions& options)
    : loader_(std::move(loader)), next_(std::move(next)) {
  CHECK_GE(options.buffers, 1);
  free_.resize(static_cast<size_t>(options.buffers));
  if (options.ahead) {
    thread_ = std::thread([this, on_start = options.on_start] {
      on_start();
      Run();
    });
  }
}

Prefetcher::~Prefetcher() { Stop(); }

std::optional<Prefetcher::Lease> Prefetcher::Take() {
  std::unique_lock lock(mutex_);
  const auto decided = [this] { return !ready_.empty() || ended_ || stopping_; };
  if (!decided()) {
    const auto start = std::chrono::steady_clock::now();
    while (!decided()) {
      if (!busy_) {
        CHECK(CanLoad());
        LoadSamples(kAllSamples, &lock);
      } else {
        loaded_or_ended_.wait(lock);
      }
    }
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
    std::unique_lock lock(mutex_);
    stopping_ = true;
    loaded_or_ended_.notify_all();
    may_load_or_ended_.notify_all();
    loaded_or_ended_.wait(lock, [this] { return !busy_; });
  }
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
  std::unique_lock lock(mutex_);
  for (;;) {
    may_load_or_ended_.wait(lock, [this] { return CanLoad() || ended_ || stopping_; });
    if (ended_ || stopping_) {
      return;
    }
    LoadSamples(kAllSamples, &lock);
  }
}

bool Prefetcher::LoadSome() {
  std::unique_lock lock(mutex_);
  if (ended_ || stopping_ || !CanLoad()) {
    return false;
  }
  LoadSamples(kFewSamples, &lock);
  return true;
}

void Prefetcher::LoadSamples(int64_t most, std::unique_lock<std::mutex>* lock) {
  const bool begun = !loading_.empty();
  if (!begun) {
    loading_.splice(loading_.end(), free_, free_.begin());
  }
  busy_ = true;
  lock->unlock();
  std::exception_ptr error;
  Loaded loaded = Loaded::kNothing;
  const double start = ThreadSeconds();
  try {
    loaded = Load(begun, most, &loading_.front());
  } catch (...) {
    error = std::current_exception();
  }
  const double seconds = ThreadSeconds() - start;
  lock->lock();
  busy_ = false;
  load_seconds_ += seconds;
  if (loaded == Loaded::kAll) {
    ready_.splice(ready_.end(), loading_);
  } else if (loaded == Loaded::kNothing) {
    free_.splice(free_.end(), loading_);
    error_ = error;
    ended_ = true;
  }
  loaded_or_ended_.notify_all();
  may_load_or_ended_.notify_one();
}

Prefetcher::Loaded Prefetcher::Load(bool begun, int64_t most, Microbatch* buffer) {
  if (!begun) {
    const std::optional<MicrobatchRequest> request = next_();
    if (!request) {
      return Loaded::kNothing;
    }
    loader_.Begin(*request, buffer);
  }
  return loader_.Continue(most, buffer) ? Loaded::kAll : Loaded::kPart;
}

}  // namespace lockstep
