#include "trainer/train/training_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/test_files.h"
#include "tests/trainer/train/small_run.h"

namespace lockstep {
namespace {

using storage::ErrorOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

class TrainingStateTest : public testing::Test {
 protected:
  storage::Checkpoint MakeCheckpoint() {
    return lockstep::MakeCheckpoint(run_.Numbered(7), run_.layout(), run_.Identity());
  }

  // Why `checkpoint` is refused.
  std::string Refusal(const storage::Checkpoint& checkpoint) {
    TrainingState state = run_.New();
    return ErrorOf([&] { RestoreState(checkpoint, run_.layout(), "a.h5", &state); });
  }

  SmallRun run_;
};

TEST_F(TrainingStateTest, ACheckpointFileBringsBackEveryNumber) {
  const storage::TemporaryDirectory directory;
  storage::WriteCheckpoint(directory / "a.h5", MakeCheckpoint());
  TrainingState state = run_.New();
  RestoreState(storage::ReadCheckpoint(directory / "a.h5"), run_.layout(), "a.h5", &state);
  const TrainingState before = run_.Numbered(7);
  EXPECT_EQ(state.position, before.position);
  EXPECT_EQ(NumbersOf(state), NumbersOf(before));
}

TEST_F(TrainingStateTest, ACheckpointNamesItsArraysAndSaysWhereItsRunWas) {
  const storage::Checkpoint checkpoint = MakeCheckpoint();
  EXPECT_THAT(checkpoint.parameters,
              UnorderedElementsAre(Key("conv.weight"), Key("conv.bias"), Key("bn.weight"),
                                   Key("bn.bias"), Key("bn.running_mean"), Key("bn.running_var"),
                                   Key("fc.weight"), Key("fc.bias")));
  EXPECT_THAT(checkpoint.counts, ElementsAre(Pair("bn.num_batches_tracked", 7)));
  EXPECT_THAT(checkpoint.optimizer.at("mean"), Not(Contains(Key("bn.running_mean"))));
  EXPECT_THAT(checkpoint.parameters.at("conv.weight").dims, ElementsAre(2, 1, 3, 3));
  EXPECT_THAT(checkpoint.optimizer, UnorderedElementsAre(Key("mean"), Key("square")));
  EXPECT_EQ(checkpoint.state.at("step"), storage::StateValue(int64_t{7}));
  EXPECT_EQ(checkpoint.state.at("epoch"), storage::StateValue(int64_t{1}));
  EXPECT_EQ(checkpoint.state.at("step_in_epoch"), storage::StateValue(int64_t{3}));
  EXPECT_EQ(checkpoint.state.at("seed"), storage::StateValue("3"));
  EXPECT_EQ(checkpoint.job, run_.Identity().job);
  EXPECT_EQ(checkpoint.build, run_.Identity().build);
}

TEST_F(TrainingStateTest, TheAverageIsInACheckpointBesideTheWeightsItIsOf) {
  const SmallRun averaging({"weight_average={}"});
  const TrainingState before = averaging.Numbered(7);
  const storage::Checkpoint checkpoint =
      lockstep::MakeCheckpoint(before, averaging.layout(), averaging.Identity());
  EXPECT_EQ(checkpoint.average.size(), checkpoint.parameters.size());
  EXPECT_NE(checkpoint.average.at("bn.running_var"), checkpoint.parameters.at("bn.running_var"));
  TrainingState state = averaging.New();
  RestoreState(checkpoint, averaging.layout(), "a.h5", &state);
  EXPECT_EQ(NumbersOf(state), NumbersOf(before));
}

TEST_F(TrainingStateTest, WithAnAverageOnOneSideOnlyACheckpointIsRefused) {
  EXPECT_THAT(ErrorOf([&] {
                const SmallRun averaging({"weight_average={}"});
                TrainingState state = averaging.New();
                RestoreState(MakeCheckpoint(), run_.layout(), "a.h5", &state);
              }),
              HasSubstr("a.h5: keeps no average of its weights, and the job asks for one "
                        "(weight_average); resume with the job"));
  storage::Checkpoint averaged = MakeCheckpoint();
  averaged.average = averaged.parameters;
  EXPECT_THAT(Refusal(averaged), HasSubstr("a.h5: keeps an average of its weights, and the job "
                                           "asks for none (weight_average)"));
}

TEST_F(TrainingStateTest, TheParametersAloneCanBeTaken) {
  storage::Checkpoint checkpoint = MakeCheckpoint();
  checkpoint.optimizer.clear();
  checkpoint.state.clear();
  std::vector<float> values(run_.New().values.size());
  RestoreValues(checkpoint, run_.layout(), "a.h5", values);
  EXPECT_EQ(values, NumbersOf(run_.Numbered(7)).front());
}

TEST_F(TrainingStateTest, AnotherModelsCheckpointIsRefusedWithTheFirstDifference) {
  storage::Checkpoint renamed = MakeCheckpoint();
  auto node = renamed.parameters.extract("fc.weight");
  node.key() = "head.weight";
  renamed.parameters.insert(std::move(node));
  EXPECT_THAT(Refusal(renamed),
              HasSubstr("a.h5: is of another model: it has no parameter fc.weight"));

  storage::Checkpoint reshaped = MakeCheckpoint();
  reshaped.parameters.at("conv.weight").dims = {1, 2, 3, 3};
  EXPECT_THAT(Refusal(reshaped), HasSubstr("a.h5: is of another model: conv.weight is 1x2x3x3 "
                                           "there and 2x1x3x3 in the job"));

  storage::Checkpoint larger = MakeCheckpoint();
  larger.parameters["more.bias"] = {.dims = {1}, .values = {0}};
  EXPECT_THAT(Refusal(larger), HasSubstr("it has 9 parameters, the job's has 8"));
}

TEST_F(TrainingStateTest, AnotherOptimizersCheckpointIsRefused) {
  const SmallRun sgd({"optimizer.sgd.learning_rate=0.1", "optimizer.sgd.momentum=0.9"});
  EXPECT_THAT(
      Refusal(lockstep::MakeCheckpoint(sgd.Numbered(7), sgd.layout(), sgd.Identity())),
      HasSubstr("a.h5: was trained by another optimizer: it keeps 1 arrays for each parameter, "
                "the job's keeps 2"));

  storage::Checkpoint renamed = MakeCheckpoint();
  auto node = renamed.optimizer.extract("square");
  node.key() = "cube";
  renamed.optimizer.insert(std::move(node));
  EXPECT_THAT(Refusal(renamed),
              HasSubstr("a.h5: was trained by another optimizer: it has no /optimizer/square"));
}

TEST_F(TrainingStateTest, ASlotThatDoesNotFitTheParametersIsRefused) {
  storage::Checkpoint checkpoint = MakeCheckpoint();
  checkpoint.optimizer.at("mean").erase("fc.bias");
  EXPECT_THAT(Refusal(checkpoint), HasSubstr("it has no parameter fc.bias"));
}

TEST_F(TrainingStateTest, ACounterThatIsMissingOrNoIntegerIsNamed) {
  for (const char* key : {"step", "samples_seen", "evaluated_step", "best_step", "best_correct"}) {
    storage::Checkpoint checkpoint = MakeCheckpoint();
    checkpoint.state.erase(key);
    EXPECT_THAT(Refusal(checkpoint), HasSubstr(std::string("a.h5: has no integer /state/") + key));
    checkpoint.state[key] = 1.5;
    EXPECT_THAT(Refusal(checkpoint), HasSubstr(std::string("a.h5: has no integer /state/") + key));
  }
}

}  // namespace
}  // namespace lockstep
