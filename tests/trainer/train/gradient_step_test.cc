#include "trainer/train/gradient_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "tests/trainer/train/small_run.h"

namespace lockstep {
namespace {

// Sums nothing. It awaits others for so long that a rank can do something else kCalls times.
class SlowReducer : public comm::Reducer {
 public:
  static constexpr int kCalls = 5;

  void Begin(int64_t /*own*/, int64_t /*all*/) override {}
  void Add(int64_t /*offset*/, std::span<const float> /*values*/) override {}
  void AddTally(int64_t /*tally*/, int64_t /*value*/) override {}
  void Poll() override {}
  bool Await(std::span<int64_t> /*tallies*/, const std::function<bool()>& meanwhile) override {
    for (int call = 0; call < kCalls; ++call) {
      meanwhile();
    }
    return true;
  }
  bool Has(int64_t begin, int64_t end) const override { return begin >= 7 && end <= 9; }
  void Read(int64_t /*begin*/, double /*scale*/, std::span<float> /*gradient*/) const override {}
  void Finish() override {}
  double wait_seconds() const override { return 0; }
};

class GradientStepTest : public testing::Test {
 protected:
  static constexpr int kSamples = 100;

  // What a step without microbatches of this rank does.
  StepShare NoneOfOne() const { return {.step = 0, .samples = 5, .microbatches = 1}; }

  comm::Communicator world_ = comm::Communicator::World();
  SmallRun run_;
  std::vector<std::byte> block_ = SmallSamples(kSamples);
  int64_t requests_ = 0;
  Prefetcher prefetcher_{
      BatchLoader(Dataset::View(block_), Normalizer(1, {}), Sampler(3, AllSamples(kSamples))),
      [this] {
        ++requests_;
        return std::optional(RequestFor(StepPlan(kSamples, 20, 5), 0, 0));
      },
      {.buffers = 2, .ahead = false}};
  SlowReducer reducer_;
};

TEST_F(GradientStepTest, WhileItWaitsItDoesWhatItIsToldAndThenLoadsSamples) {
  WorkerPool workers(1, [](int) {});
  GradientStep step(*run_.net, 1, {}, &workers, &prefetcher_, world_, &reducer_);
  std::vector<int64_t> requests_before_call;
  const std::vector<float> values(static_cast<size_t>(run_.layout().value_count()));
  step.Run(NoneOfOne(), values, false, [&] {
    requests_before_call.push_back(requests_);
    return requests_before_call.size() <= 3;
  });
  EXPECT_THAT(requests_before_call, testing::ElementsAre(0, 0, 0, 0, 1)) << "loaded in between";
}

TEST_F(GradientStepTest, ItHasTheGradientThatIsSummed) {
  WorkerPool workers(1, [](int) {});
  const GradientStep step(*run_.net, 1, {}, &workers, &prefetcher_, world_, &reducer_);
  EXPECT_TRUE(step.HasGradient(7, 9));
  EXPECT_FALSE(step.HasGradient(7, 10));
}

}  // namespace
}  // namespace lockstep
