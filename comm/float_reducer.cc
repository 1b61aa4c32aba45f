#include <algorithm>
#include <cmath>
#include <limits>

#include "comm/bucketed_sum.h"
#include "comm/reducer.h"

namespace lockstep::comm {
namespace {

// Adds values to sums. Returns whether all |values| < limit; NaN is not.
bool AddFloat(std::span<const float> values, float limit, float* sums) {
  uint32_t too_large = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sums[i] += values[i];
    too_large |= std::fabs(values[i]) < limit ? 0U : 1U;
  }
  return too_large == 0;
}

// Tallies are integers, so they need a reduction of their own, beside that of the floats. Its head:
// the number of pieces with a value out of range, then the tallies.
class FloatReducer : public Reducer {
 public:
  FloatReducer(const Communicator& communicator, ReducerOptions options)
      : options_(options),
        sums_(communicator, 0, options.size, options.bucket_elements),
        tallies_(communicator, 1 + options.tallies, 0, 1) {}

  void Begin(int64_t own, int64_t all) override {
    CheckBegin(own, all);
    // Half of what would do, because sums of floats are rounded.
    limit_ = std::numeric_limits<float>::max() / (2 * static_cast<float>(all));
    sums_.Begin(own);
    tallies_.Begin(0);
  }

  void Add(int64_t offset, std::span<const float> values) override {
    sums_.Contribute(offset, std::ssize(values), [&](int64_t begin, std::span<float> sums) {
      const auto part = values.subspan(static_cast<size_t>(begin - offset), sums.size());
      if (!AddFloat(part, limit_, sums.data())) {
        tallies_.AddToHead(0, 1);
      }
    });
  }

  void AddTally(int64_t tally, int64_t value) override {
    CheckTally(options_, tally);
    tallies_.AddToHead(1 + tally, value);
  }

  void Poll() override { sums_.Poll(); }

  bool Finish(double scale, std::span<float> gradient, std::span<int64_t> tallies) override {
    CheckFinish(options_, gradient, tallies);
    sums_.Finish(
        [&](int64_t begin, std::span<const float> sums) {
          float* const out = gradient.data() + begin;
          for (size_t i = 0; i < sums.size(); ++i) {
            out[i] = static_cast<float>(sums[i] * scale);
          }
        },
        [](std::span<const float> /*head*/) {});
    bool in_range = true;
    tallies_.Finish([](int64_t /*begin*/, std::span<const int64_t> /*sums*/) {},
                    [&](std::span<const int64_t> head) {
                      in_range = head[0] == 0;
                      std::ranges::copy(head.subspan(1), tallies.begin());
                    });
    return in_range;
  }

  double wait_seconds() const override { return sums_.wait_seconds() + tallies_.wait_seconds(); }

 private:
  ReducerOptions options_;
  BucketedSum<float> sums_;
  BucketedSum<int64_t> tallies_;
  float limit_ = 0;
};

}  // namespace

std::unique_ptr<Reducer> MakeFloatReducer(const Communicator& communicator,
                                          ReducerOptions options) {
  return std::make_unique<FloatReducer>(communicator, options);
}

}  // namespace lockstep::comm
