#include <algorithm>
#include <limits>

#include "comm/bucketed_sum.h"
#include "comm/exact_sum.h"
#include "comm/float_sum.h"
#include "comm/reducer.h"

namespace lockstep::comm {
namespace {

// Tallies are integers, so they need a reduction of their own, beside that of the floats. Its head:
// the number of contributions with a value out of range, then the tallies.
class FloatReducer : public Reducer {
 public:
  FloatReducer(const Communicator& communicator, const ReducerOptions& options)
      : options_(options),
        sums_(communicator, 0, options_.size, options_.bucket_elements, options_.to_read),
        tallies_(communicator, 1 + options_.tallies, 0, 1) {}

  void Begin(int64_t own, int64_t all) override {
    CheckBegin(own, all);
    // Half of what would do, because sums of floats are rounded.
    sums_.Begin(own, std::numeric_limits<float>::max() / (2 * static_cast<float>(all)));
    tallies_.Begin(0, 0);
  }

  void Add(int64_t offset, std::span<const float> values) override {
    if (!sums_.Contribute(offset, values)) {
      tallies_.AddToHead(0, 1);
    }
  }

  void AddTally(int64_t tally, int64_t value) override {
    CheckTally(options_, tally);
    tallies_.AddToHead(1 + tally, value);
  }

  void Poll() override { sums_.Poll(); }

  bool Await(std::span<int64_t> tallies, const std::function<bool()>& meanwhile) override {
    CheckAwait(options_, tallies);
    bool in_range = true;
    sums_.Await(meanwhile, [](std::span<const float> /*head*/) {});
    tallies_.Await(meanwhile, [&](std::span<const int64_t> head) {
      in_range = head[0] == 0;
      std::ranges::copy(head.subspan(1), tallies.begin());
    });
    return in_range;
  }

  bool Has(int64_t begin, int64_t end) const override { return sums_.Has(begin, end); }

  void Read(int64_t begin, double scale, std::span<float> gradient) const override {
    sums_.Read(begin, begin + std::ssize(gradient),
               [&](int64_t offset, std::span<const float> sums) {
                 float* const out = gradient.data() + (offset - begin);
                 for (size_t i = 0; i < sums.size(); ++i) {
                   out[i] = static_cast<float>(sums[i] * scale);
                 }
               });
  }

  void Finish() override {
    sums_.Finish();
    tallies_.Finish();
  }

  double wait_seconds() const override { return sums_.wait_seconds() + tallies_.wait_seconds(); }

 private:
  ReducerOptions options_;
  BucketedSum<FloatArithmetic> sums_;
  BucketedSum<ExactArithmetic> tallies_;
};

}  // namespace

std::unique_ptr<Reducer> MakeFloatReducer(const Communicator& communicator,
                                          const ReducerOptions& options) {
  return std::make_unique<FloatReducer>(communicator, options);
}

}  // namespace lockstep::comm
