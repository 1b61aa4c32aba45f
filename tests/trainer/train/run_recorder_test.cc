#include "trainer/train/run_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "storage/checkpoint_directory.h"
#include "tests/storage/test_files.h"
#include "tests/trainer/train/small_run.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Metrics go to the file with WriteMetrics and Save alone, not by the clock.
constexpr RecordingOptions kOptions{.flush_seconds = 1e9, .keep_last = 2};

class RunRecorderTest : public testing::Test {
 protected:
  RunRecorder Recorder(int64_t resume_step, RecordingOptions options = kOptions) {
    return {&directory_, run_.layout(), run_.Identity(), options, resume_step};
  }

  static void Record(RunRecorder* recorder, int64_t first, int64_t last) {
    for (int64_t step = first; step <= last; ++step) {
      recorder->OnStep({.step = step, .loss = 1.0 / static_cast<double>(step)});
      recorder->OnRankTimes(step, {.rank = 0, .host = "node1"});
    }
  }

  std::vector<int64_t> Steps(const std::string& series) {
    return storage::ReadMetrics(directory_.Metrics()).at(series).Ints("step");
  }

  std::vector<int64_t> CheckpointSteps() {
    std::vector<int64_t> steps;
    for (const auto& file : storage::ListCheckpoints(directory_.Checkpoints())) {
      steps.push_back(file.step);
    }
    return steps;
  }

  storage::TemporaryDirectory scratch_;
  storage::RunDirectory directory_{scratch_ / "run"};
  SmallRun run_;
};

constexpr auto kHoldout = EvaluationSplit::kHoldout;
constexpr auto kTest = EvaluationSplit::kTest;
const Evaluation kEvaluation{
    .classes = 2, .samples = 8, .correct = 6, .loss = 0.5, .confusion = {3, 1, 1, 3}};

TEST_F(RunRecorderTest, ARowHoldsWhatWasMeasured) {
  RunRecorder recorder = Recorder(0);
  recorder.OnStep({.step = 1,
                   .epoch = 2,
                   .samples_seen = 3,
                   .loss = 4,
                   .accuracy = 5,
                   .learning_rate = 6,
                   .gradient_norm = 7});
  recorder.OnEvaluation(1, kTest, kEvaluation);
  recorder.OnRankTimes(
      1, {.rank = 2, .host = "node3", .seconds = 4, .data_wait = 5, .reduce_wait = 6});
  recorder.WriteMetrics();
  const storage::Metrics metrics = storage::ReadMetrics(directory_.Metrics());
  const storage::Table& train = metrics.at("train");
  EXPECT_THAT(train.Ints("epoch"), ElementsAre(2));
  EXPECT_THAT(train.Ints("samples_seen"), ElementsAre(3));
  EXPECT_THAT(train.Doubles("loss"), ElementsAre(4));
  EXPECT_THAT(train.Doubles("accuracy"), ElementsAre(5));
  EXPECT_THAT(train.Doubles("learning_rate"), ElementsAre(6));
  EXPECT_THAT(train.Doubles("gradient_norm"), ElementsAre(7));
  const storage::Table& evaluations = metrics.at("eval");
  EXPECT_THAT(evaluations.Strings("split"), ElementsAre("test"));
  EXPECT_THAT(evaluations.Ints("samples"), ElementsAre(8));
  EXPECT_THAT(evaluations.Ints("correct"), ElementsAre(6));
  EXPECT_THAT(evaluations.Doubles("accuracy"), ElementsAre(0.75));
  EXPECT_THAT(evaluations.Doubles("loss"), ElementsAre(0.5));
  const storage::Table& ranks = metrics.at("ranks");
  EXPECT_THAT(ranks.Ints("rank"), ElementsAre(2));
  EXPECT_THAT(ranks.Strings("host"), ElementsAre("node3"));
  EXPECT_THAT(ranks.Doubles("seconds"), ElementsAre(4));
  EXPECT_THAT(ranks.Doubles("data_wait"), ElementsAre(5));
  EXPECT_THAT(ranks.Doubles("reduce_wait"), ElementsAre(6));
}

TEST_F(RunRecorderTest, OnlyEveryNthStepIsRecorded) {
  RunRecorder recorder = Recorder(0, {.metrics_every_steps = 3, .flush_seconds = 1e9});
  Record(&recorder, 1, 10);
  recorder.WriteMetrics();
  EXPECT_THAT(Steps("train"), ElementsAre(3, 6, 9));
}

TEST_F(RunRecorderTest, RowsPastTheResumedStepAreDroppedFromEverySeries) {
  RunRecorder before = Recorder(0);
  Record(&before, 1, 5);
  before.OnEvaluation(3, kHoldout, kEvaluation);
  before.OnEvaluation(5, kHoldout, kEvaluation);
  before.WriteMetrics();
  RunRecorder after = Recorder(3);
  Record(&after, 4, 4);
  after.WriteMetrics();
  EXPECT_THAT(Steps("train"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Steps("ranks"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Steps("eval"), ElementsAre(3));
}

TEST_F(RunRecorderTest, AnEvaluationIsNotRecordedTwiceEvenAfterResuming) {
  RunRecorder before = Recorder(0);
  before.OnEvaluation(4, kHoldout, kEvaluation);
  before.OnEvaluation(4, kHoldout, kEvaluation);
  before.WriteMetrics();
  RunRecorder after = Recorder(4);
  after.OnEvaluation(4, kHoldout, kEvaluation);
  after.OnEvaluation(4, kTest, kEvaluation);
  after.OnEvaluation(8, kHoldout, kEvaluation);
  after.WriteMetrics();
  EXPECT_THAT(Steps("eval"), ElementsAre(4, 4, 8));
  EXPECT_THAT(storage::ReadMetrics(directory_.Metrics()).at("eval").Strings("split"),
              ElementsAre("holdout", "test", "holdout"));
}

TEST_F(RunRecorderTest, ANewRunInADirectoryWithMetricsDropsThemAll) {
  RunRecorder before = Recorder(0);
  Record(&before, 1, 5);
  before.WriteMetrics();
  Recorder(0).WriteMetrics();
  EXPECT_THAT(Steps("train"), IsEmpty());
}

TEST_F(RunRecorderTest, CheckpointsPastTheResumedStepAreSetAside) {
  RunRecorder before = Recorder(0);
  before.Save(run_.Numbered(4));
  before.Save(run_.Numbered(8));
  RunRecorder after = Recorder(4);
  EXPECT_THAT(CheckpointSteps(), ElementsAre(4));
  EXPECT_THAT(storage::FileNames(directory_.Checkpoints()),
              ElementsAre("step-00000004.h5", "step-00000008.h5.set-aside"));
}

TEST_F(RunRecorderTest, TheNewestCheckpointsAndTheBestAreKept) {
  RunRecorder recorder = Recorder(0);
  for (int64_t step = 3; step <= 8; ++step) {
    TrainingState state = run_.Numbered(step);
    state.position.best_step = step < 4 ? step : 4;
    recorder.Save(state);
  }
  EXPECT_THAT(CheckpointSteps(), ElementsAre(4, 7, 8));
}

TEST_F(RunRecorderTest, TheBestThatIsThereStaysWhereABetterOneCouldNotBeSaved) {
  RunRecorder recorder = Recorder(0, {.keep_last = 1});
  for (const int64_t step : {4, 8, 9}) {
    TrainingState state = run_.Numbered(step);
    state.position.best_step = step < 8 ? step : 7;  // after which there was no save
    recorder.Save(state);
  }
  EXPECT_THAT(CheckpointSteps(), ElementsAre(4, 9));
}

TEST_F(RunRecorderTest, AnOldFileThatCannotBeDeletedIsLeftThere) {
  RunRecorder recorder = Recorder(0, {.keep_last = 1});
  std::filesystem::create_directories(directory_.Checkpoints() / "step-00000001.h5" / "file");
  recorder.Save(run_.Numbered(8));
  EXPECT_THAT(CheckpointSteps(), testing::Contains(8));
}

TEST_F(RunRecorderTest, ACheckpointsMetricsAreOnTheDiskBeforeIt) {
  RunRecorder recorder = Recorder(0);
  Record(&recorder, 1, 4);
  recorder.Save(run_.Numbered(4));
  EXPECT_THAT(Steps("train"), ElementsAre(1, 2, 3, 4));
}

TEST_F(RunRecorderTest, MetricsThatCannotBeWrittenAreKeptForTheNextTime) {
  RunRecorder recorder = Recorder(0, {.flush_seconds = 0});
  std::filesystem::create_directory(directory_.Metrics());
  Record(&recorder, 1, 2);
  std::filesystem::remove(directory_.Metrics());
  Record(&recorder, 3, 3);
  EXPECT_THAT(Steps("train"), ElementsAre(1, 2, 3));
}

TEST_F(RunRecorderTest, TheEffectiveJobLiesInTheDirectory) {
  Recorder(0);
  EXPECT_EQ(storage::ReadText(directory_.Job()), run_.Identity().job);
}

}  // namespace
}  // namespace lockstep
