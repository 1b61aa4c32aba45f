#include <algorithm>

#include "comm/bucketed_sum.h"
#include "comm/exact_sum.h"
#include "comm/reducer.h"

namespace lockstep::comm {
namespace {

// The head of the sums: the number of contributions with a value out of range, then the tallies.
class ExactReducer : public Reducer {
 public:
  ExactReducer(const Communicator& communicator, const ReducerOptions& options)
      : options_(options),
        sums_(communicator, 1 + options_.tallies, options_.size, options_.bucket_elements,
              options_.to_read) {}

  void Begin(int64_t own, int64_t all) override {
    CheckBegin(own, all);
    sums_.Begin(own, GradientLimit(all));
  }

  void Add(int64_t offset, std::span<const float> values) override {
    if (!sums_.Contribute(offset, values)) {
      sums_.AddToHead(0, 1);
    }
  }

  void AddTally(int64_t tally, int64_t value) override {
    CheckTally(options_, tally);
    sums_.AddToHead(1 + tally, value);
  }

  void Poll() override { sums_.Poll(); }

  bool Await(std::span<int64_t> tallies, const std::function<bool()>& meanwhile) override {
    CheckAwait(options_, tallies);
    bool in_range = true;
    sums_.Await(meanwhile, [&](std::span<const int64_t> head) {
      in_range = head[0] == 0;
      std::ranges::copy(head.subspan(1), tallies.begin());
    });
    return in_range;
  }

  bool Has(int64_t begin, int64_t end) const override { return sums_.Has(begin, end); }

  void Read(int64_t begin, double scale, std::span<float> gradient) const override {
    sums_.Read(begin, begin + std::ssize(gradient),
               [&](int64_t offset, std::span<const int64_t> sums) {
                 FromExact(sums, scale, gradient.data() + (offset - begin));
               });
  }

  void Finish() override { sums_.Finish(); }

  double wait_seconds() const override { return sums_.wait_seconds(); }

 private:
  ReducerOptions options_;
  BucketedSum<ExactArithmetic> sums_;
};

}  // namespace

std::unique_ptr<Reducer> MakeExactReducer(const Communicator& communicator,
                                          const ReducerOptions& options) {
  return std::make_unique<ExactReducer>(communicator, options);
}

}  // namespace lockstep::comm
