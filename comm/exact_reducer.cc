#include <algorithm>

#include "comm/bucketed_sum.h"
#include "comm/exact_sum.h"
#include "comm/reducer.h"

namespace lockstep::comm {
namespace {

// The head of the sums: the number of pieces with a value out of range, then the tallies.
class ExactReducer : public Reducer {
 public:
  ExactReducer(const Communicator& communicator, ReducerOptions options)
      : options_(options),
        sums_(communicator, 1 + options.tallies, options.size, options.bucket_elements) {}

  void Begin(int64_t own, int64_t all) override {
    CheckBegin(own, all);
    limit_ = GradientLimit(all);
    sums_.Begin(own);
  }

  void Add(int64_t offset, std::span<const float> values) override {
    sums_.Contribute(offset, std::ssize(values), [&](int64_t begin, std::span<int64_t> sums) {
      const auto part = values.subspan(static_cast<size_t>(begin - offset), sums.size());
      if (!AddExact(part, limit_, sums.data())) {
        sums_.AddToHead(0, 1);
      }
    });
  }

  void AddTally(int64_t tally, int64_t value) override {
    CheckTally(options_, tally);
    sums_.AddToHead(1 + tally, value);
  }

  void Poll() override { sums_.Poll(); }

  bool Finish(double scale, std::span<float> gradient, std::span<int64_t> tallies) override {
    CheckFinish(options_, gradient, tallies);
    bool in_range = true;
    sums_.Finish(
        [&](int64_t begin, std::span<const int64_t> sums) {
          FromExact(sums, scale, gradient.data() + begin);
        },
        [&](std::span<const int64_t> head) {
          in_range = head[0] == 0;
          std::ranges::copy(head.subspan(1), tallies.begin());
        });
    return in_range;
  }

  double wait_seconds() const override { return sums_.wait_seconds(); }

 private:
  ReducerOptions options_;
  BucketedSum<int64_t> sums_;
  double limit_ = 0;
};

}  // namespace

std::unique_ptr<Reducer> MakeExactReducer(const Communicator& communicator,
                                          ReducerOptions options) {
  return std::make_unique<ExactReducer>(communicator, options);
}

}  // namespace lockstep::comm
