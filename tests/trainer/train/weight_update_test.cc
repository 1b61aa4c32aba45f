#include "trainer/train/weight_update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tests/mpi/node_layouts.h"
#include "tests/trainer/train/small_run.h"
#include "trainer/base/random.h"
#include "trainer/optim/weight_average.h"

namespace lockstep {
namespace {

constexpr double kRate = 0.05;

// A network with several stretches of kNormGrain parameters, tensors across their ends, and
// buffers.
SmallRun LargerRun(std::vector<std::string> overrides) {
  overrides.insert(overrides.end(),
                   {"model={ layer { name: 'conv' conv2d { filters: 70 kernel: 3 } } "
                    "layer { name: 'bn' batch_norm {} } "
                    "layer { name: 'fc' linear { units: 10 } } }"});
  return SmallRun(overrides);
}

std::vector<float> GradientOfStep(uint32_t step, size_t size) {
  RandomStream stream(5, {.purpose = Purpose::kInitialise, .time = step});
  std::vector<float> gradient(size);
  for (float& element : gradient) {
    element = 0.01F * stream.Normal();
  }
  return gradient;
}

class WeightUpdateTest : public testing::TestWithParam<NodeLayout> {
 protected:
  // The state after `steps` steps, and the norm of the last one's gradient.
  struct Result {
    std::vector<std::vector<float>> numbers;
    double norm = 0;
  };

  // Where the part of the gradient begins that is there before Finish; all of it is then.
  using Early = std::function<int64_t(const SmallRun& run)>;
  static int64_t Nothing(const SmallRun& run) { return run.layout().value_count(); }
  static int64_t All(const SmallRun& /*run*/) { return 0; }

  // By all ranks with `workers` each.
  Result Together(const SmallRun& run, const ClipOptions& clip, int workers, int64_t steps,
                  const Early& early = Nothing) {
    WorkerPool pool(workers, [](int) {});
    TrainingState state = run.New(&world_);
    WeightUpdate update(run.layout(), clip, &pool, world_);
    update.Begin(state);
    Result result;
    while (state.position.step < steps) {
      const std::vector<float> gradient =
          GradientOfStep(static_cast<uint32_t>(state.position.step + 1), state.values.size());
      update.Start(kRate,
                   {.has = [&](int64_t begin, int64_t /*end*/) { return begin >= early(run); },
                    .read =
                        [&](int64_t begin, std::span<float> out) {
                          std::copy_n(gradient.begin() + begin, out.size(), out.begin());
                        }},
                   &state);
      while (update.DoSome()) {
      }
      result.norm = update.Finish();
      ++state.position.step;
    }
    result.numbers = NumbersOf(state);
    EXPECT_TRUE(std::ranges::equal(update.weights(), state.values)) << "what steps compute with";
    return result;
  }

  // The same by plain calls for whole arrays, without clipping.
  Result Alone(const SmallRun& run, int64_t steps) {
    TrainingState state = run.New();
    Result result;
    const ParameterLayout& layout = run.layout();
    for (int64_t step = 1; step <= steps; ++step) {
      std::vector<float> gradient =
          GradientOfStep(static_cast<uint32_t>(step), state.values.size());
      const std::span<float> parameters = layout.ParametersOf(std::span(gradient));
      double squares = 0;
      for (const float element : parameters) {
        squares += double{element} * double{element};
      }
      result.norm = std::sqrt(squares);
      state.optimizer->Step({.learning_rate = kRate,
                             .step = step,
                             .values = layout.ParametersOf(state.values),
                             .gradient = parameters,
                             .slots = state.slots},
                            {.begin = 0, .end = parameters.size()});
      UpdateBuffers(layout, 0, layout.BuffersOf(std::span<const float>(gradient)),
                    layout.BuffersOf(state.values));
      if (!state.average.empty()) {
        MoveAverage(state.average_decay, step, state.values, state.average);
      }
    }
    result.numbers = NumbersOf(state);
    return result;
  }

  comm::Communicator world_ = comm::Communicator::World(GetParam().most_in_node);
};

INSTANTIATE_TEST_SUITE_P(On, WeightUpdateTest, testing::ValuesIn(kNodeLayouts), NodeLayoutName);

TEST_P(WeightUpdateTest, GivesTheBitsOfOneThreadForEveryOptimiserAndNumberOfWorkers) {
  for (const char* const optimizer : {"sgd={ learning_rate: 1 momentum: 0.9 }", "adam={}",
                                      "adamw={}", "rmsprop={ learning_rate: 1 momentum: 0.5 }",
                                      "lars={ learning_rate: 1 }", "lamb={ learning_rate: 1 }"}) {
    const SmallRun run =
        LargerRun({std::string("optimizer.") + optimizer, "regularization.weight_decay=0.01",
                   "weight_average.decay=0.5"});
    const Result expected = Alone(run, 3);
    for (const int workers : {1, 2, 5}) {
      SCOPED_TRACE(testing::Message() << optimizer << ", " << workers << " workers");
      const Result result = Together(run, {}, workers, 3);
      EXPECT_EQ(result.numbers, expected.numbers);
      EXPECT_NEAR(result.norm, expected.norm, 1e-12);
    }
  }
}

// With norms to be known first, and without.
TEST_P(WeightUpdateTest, WhatIsDoneAheadChangesNoBits) {
  for (const char* const optimizer : {"adam={}", "lars={ learning_rate: 1 }"}) {
    const SmallRun run = LargerRun({std::string("optimizer.") + optimizer});
    for (const ClipOptions& clip : {ClipOptions{}, {.value = 0.02, .global_norm = 0.3}}) {
      const Result expected = Together(run, clip, 2, 3);
      // On all ranks the same, on one alone, another part on each.
      for (const Early& early : {Early(All), Early([&](const SmallRun& r) {
                                   return world_.rank() == 0 ? All(r) : Nothing(r);
                                 }),
                                 Early([&](const SmallRun& r) {
                                   return Nothing(r) * (world_.rank() + 1) / (world_.size() + 1);
                                 })}) {
        const Result ahead = Together(run, clip, 2, 3, early);
        EXPECT_EQ(ahead.numbers, expected.numbers) << optimizer;
        EXPECT_EQ(ahead.norm, expected.norm) << optimizer;
      }
    }
  }
}

// A part that begins, or ends, within a stretch.
TEST_P(WeightUpdateTest, NothingIsDoneBeforeAllOfItsGradientIsThere) {
  const SmallRun run = LargerRun({});
  const int64_t size = run.layout().value_count();
  const std::vector<float> before = NumbersOf(run.New()).front();
  for (const bool end_is_there : {true, false}) {
    WorkerPool pool(1, [](int) {});
    TrainingState state = run.New(&world_);
    WeightUpdate update(run.layout(), {}, &pool, world_);
    update.Begin(state);
    int64_t there = end_is_there ? size / 2 : 0;
    int64_t past_there = end_is_there ? size : size / 2;
    update.Start(
        kRate,
        {.has = [&](int64_t begin, int64_t end) { return begin >= there && end <= past_there; },
         .read =
             [&](int64_t begin, std::span<float> out) {
               EXPECT_GE(begin, there);
               EXPECT_LE(begin + std::ssize(out), past_there);
               std::ranges::fill(out, 1.0F);
             }},
        &state);
    while (update.DoSome()) {
    }
    world_.AllGather("");
    const int64_t last = run.layout().size() - 1;
    EXPECT_EQ(state.values[last] != before[last], end_is_there);
    int64_t moved_too_early = 0;
    for (int64_t i = 0; i < size; ++i) {
      const bool is_there = i >= there && i < past_there;
      moved_too_early += !is_there && state.values[i] != before[i] ? 1 : 0;
    }
    EXPECT_EQ(moved_too_early, 0);
    world_.AllGather("");
    there = 0;
    past_there = size;
    update.Finish();
    EXPECT_NE(state.values[0], before[0]);
    EXPECT_NE(state.values[last], before[last]);
  }
}

TEST_P(WeightUpdateTest, TheNormAndWhatItClipsHaveTheSameBitsForEveryNumberOfWorkers) {
  const SmallRun run = LargerRun({"optimizer.sgd={ learning_rate: 1 }"});
  const ClipOptions clip{.value = 0.02, .global_norm = 0.3};
  const Result one = Together(run, clip, 1, 3);
  for (const int workers : {2, 3, 7}) {
    const Result many = Together(run, clip, workers, 3);
    EXPECT_EQ(many.norm, one.norm);
    EXPECT_EQ(many.numbers, one.numbers);
  }
}

// With plain descent a step moves the values by the rate times what is left of the gradient.
TEST_P(WeightUpdateTest, ClipsFirstEachElementAndThenTheNorm) {
  const SmallRun run = LargerRun({"optimizer.sgd={ learning_rate: 1 }"});
  const std::span<const Parameter> parameters = run.layout().parameters();
  ASSERT_FALSE(parameters.empty());
  const ClipOptions clip{.value = 0.015, .global_norm = 0.25};
  std::vector<double> expected;
  double squares = 0;
  const auto size = static_cast<size_t>(run.layout().size());
  for (const float element : GradientOfStep(1, run.New().values.size())) {
    if (expected.size() < size) {
      expected.push_back(std::clamp<double>(element, -clip.value, clip.value));
      squares += expected.back() * expected.back();
    }
  }
  ASSERT_GT(std::sqrt(squares), clip.global_norm) << "nothing to clip";
  const std::vector<float> before = NumbersOf(run.New()).front();
  const std::vector<float> after = Together(run, clip, 2, 1).numbers.front();
  for (size_t i = 0; i < size; ++i) {
    EXPECT_NEAR(before[i] - after[i], kRate * expected[i] * clip.global_norm / std::sqrt(squares),
                1e-6)
        << i;
  }
}

TEST_P(WeightUpdateTest, AnAverageFollowsTheNewWeightsAndBuffers) {
  const SmallRun run = LargerRun({"weight_average.decay=0.1"});
  const std::vector<float> before = NumbersOf(run.New()).front();
  const std::vector<std::vector<float>> after = Together(run, {}, 2, 1).numbers;
  const std::vector<float>& values = after.front();
  const std::vector<float>& average = after.back();
  ASSERT_EQ(average.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(average[i], 0.1 * before[i] + 0.9 * values[i], 1e-6) << i;
  }
}

}  // namespace
}  // namespace lockstep
