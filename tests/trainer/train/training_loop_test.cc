#include "trainer/train/training_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "comm/node_memory.h"
#include "tests/mpi/node_layouts.h"
#include "tests/trainer/train/small_run.h"
#include "trainer/train/optimizer_builder.h"

namespace lockstep {
namespace {

// A reducer that can be held up, and watched.
class WatchedReducer : public comm::Reducer {
 public:
  explicit WatchedReducer(std::unique_ptr<comm::Reducer> reducer) : reducer_(std::move(reducer)) {}

  std::function<void(int64_t offset)> before_add = [](int64_t) {};
  std::function<void()> after_meanwhile = [] {};

  void Begin(int64_t own, int64_t all) override { reducer_->Begin(own, all); }
  void Add(int64_t offset, std::span<const float> values) override {
    before_add(offset);
    reducer_->Add(offset, values);
  }
  void AddTally(int64_t tally, int64_t value) override { reducer_->AddTally(tally, value); }
  void Poll() override { reducer_->Poll(); }
  bool Await(std::span<int64_t> tallies, const std::function<bool()>& meanwhile) override {
    return reducer_->Await(tallies, [&] {
      const bool worked = meanwhile();
      after_meanwhile();
      return worked;
    });
  }
  bool Has(int64_t begin, int64_t end) const override { return reducer_->Has(begin, end); }
  void Read(int64_t begin, double scale, std::span<float> gradient) const override {
    reducer_->Read(begin, scale, gradient);
  }
  void Finish() override { reducer_->Finish(); }
  double wait_seconds() const override { return reducer_->wait_seconds(); }

 private:
  std::unique_ptr<comm::Reducer> reducer_;
};

class TrainingLoopTest : public testing::TestWithParam<NodeLayout> {
 protected:
  static constexpr int kSteps = 3;

  TrainingLoopTest() {
    if (machine_.rank() == 0) {
      new (memory_.bytes().data()) std::atomic<int>(0);
    }
    memory_.Publish();
  }

  // Counted by all ranks of this machine.
  std::atomic<int>& Count() { return *reinterpret_cast<std::atomic<int>*>(memory_.bytes().data()); }

  comm::Communicator world_ = comm::Communicator::World(GetParam().most_in_node);

 private:
  comm::Communicator machine_ = comm::Communicator::World();
  comm::NodeMemory memory_{machine_, sizeof(std::atomic<int>)};
};

INSTANTIATE_TEST_SUITE_P(On, TrainingLoopTest, testing::ValuesIn(kNodeLayouts), NodeLayoutName);

// The last rank keeps its gradient of the first layer until all others have seen the last layer's
// weights move, and those of the first stay.
TEST_P(TrainingLoopTest, RanksThatWaitMoveTheWeightsWhoseGradientsAreThere) {
  const int others = world_.size() - 1;
  if (others == 0) {
    GTEST_SKIP() << "nobody to wait for";
  }
  const SmallRun run(
      {"model={ layer { name: 'fc1' linear { units: 400 } }"
       "        layer { name: 'fc2' linear { units: 10 } } }",
       "steps=" + std::to_string(kSteps), "microbatch=5",
       "global_batch=" + std::to_string(5 * world_.size())});
  const int64_t parameters = run.layout().size();
  WorkerPool workers(1, [](int) {});
  TrainingState state = run.New(&world_);
  WatchedReducer reducer(comm::MakeExactReducer(
      world_, {.size = run.layout().value_count(), .bucket_elements = 500, .tallies = kTallies}));
  const std::vector<std::byte> samples = SmallSamples(100);
  const TrainingOptions options = ToTrainingOptions(run.loaded.job, 100);
  Prefetcher prefetcher(
      BatchLoader(Dataset::View(samples), Normalizer(1, {}), Sampler(3, AllSamples(100))),
      [&, step = int64_t{0}]() mutable {
        return std::optional(RequestFor(options.plan, step++, world_.rank()));
      },
      {.buffers = 2, .ahead = false});
  GradientStep gradient_step(*run.net, 1, {}, &workers, &prefetcher, world_, &reducer);
  WeightUpdate weight_update(run.layout(), {}, &workers, world_);

  int step = 0;
  bool has_seen = false;
  float first = state.values[0];
  float last = state.values[parameters - 1];
  const auto begin_step = [&] {
    ++step;
    has_seen = false;
    first = state.values[0];
    last = state.values[parameters - 1];
  };
  reducer.before_add = [&](int64_t offset) {
    if (offset > 0) {  // of fc2, before anybody can move its weights
      begin_step();
      return;
    }
    while (world_.rank() == others && Count() < step * others) {
      reducer.Poll();
    }
  };
  reducer.after_meanwhile = [&] {
    if (!has_seen && world_.rank() < others && state.values[parameters - 1] != last) {
      EXPECT_EQ(state.values[0], first);
      has_seen = true;
      ++Count();
    }
  };
  TrainingLoop loop(
      options,
      {.communicator = world_, .gradient_step = gradient_step, .weight_update = weight_update},
      &state);
  EXPECT_EQ(loop.Run(), Outcome::kFinished);
  EXPECT_EQ(step, kSteps);
  EXPECT_EQ(Count(), kSteps * others);
}

}  // namespace
}  // namespace lockstep
