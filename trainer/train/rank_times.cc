#include "trainer/train/rank_times.h"

#include <cmath>

namespace lockstep {
namespace {

int64_t ToNanoseconds(double seconds) { return std::llround(seconds * 1e9); }

double ToSeconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; }

}  // namespace

RankTimes::RankTimes(const Prefetcher& prefetcher, const GradientStep& gradient_step,
                     const WeightUpdate& update)
    : prefetcher_(prefetcher), gradient_step_(gradient_step), update_(update), last_(Now()) {}

RankTimes::Totals RankTimes::Now() const {
  return {.time = std::chrono::steady_clock::now(),
          .data_wait = prefetcher_.wait_seconds(),
          .reduce_wait = gradient_step_.wait_seconds() + update_.wait_seconds()};
}

std::vector<RankRow> RankTimes::Collect(comm::Communicator* communicator) {
  const Totals now = Now();
  constexpr size_t kFigures = 3;
  const auto ranks = static_cast<size_t>(communicator->size());
  // Every rank fills in its own figures; the others' are zero, so the sum gathers them.
  std::vector<int64_t> figures(kFigures * ranks);
  int64_t* const own = &figures[kFigures * static_cast<size_t>(communicator->rank())];
  own[0] = ToNanoseconds(std::chrono::duration<double>(now.time - last_.time).count());
  own[1] = ToNanoseconds(now.data_wait - last_.data_wait);
  own[2] = ToNanoseconds(now.reduce_wait - last_.reduce_wait);
  last_ = now;
  communicator->AllReduceSum(figures);
  std::vector<RankRow> rows;
  for (size_t rank = 0; rank < ranks; ++rank) {
    const int64_t* const row = &figures[kFigures * rank];
    rows.push_back({.rank = static_cast<int64_t>(rank),
                    .host = communicator->host_names()[rank],
                    .seconds = ToSeconds(row[0]),
                    .data_wait = ToSeconds(row[1]),
                    .reduce_wait = ToSeconds(row[2])});
  }
  return rows;
}

}  // namespace lockstep
