#include "trainer/train/resume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "storage/checkpoint_directory.h"
#include "tests/mpi/node_layouts.h"
#include "tests/storage/test_files.h"
#include "tests/trainer/train/small_run.h"
#include "trainer/train/together.h"

namespace lockstep {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Kind = ResumeChoice::Kind;

// On any number of ranks: rank 0 alone has the files.
class ResumeTest : public testing::TestWithParam<NodeLayout> {
 protected:
  ResumeTest() {
    if (IsRoot()) {
      scratch_.emplace();
      directory_.emplace(*scratch_ / "run");
    }
  }

  bool IsRoot() { return world_.rank() == 0; }

  // A checkpoint of the run, in its directory.
  std::filesystem::path Save(int64_t step, const SmallRun& run) {
    if (!IsRoot()) {
      return "elsewhere";
    }
    auto path = storage::CheckpointPath(directory_->Checkpoints(), step);
    storage::WriteCheckpoint(path,
                             MakeCheckpoint(run.Numbered(step), run.layout(), run.Identity()));
    return path;
  }

  // What `run` begins with.
  TrainingState Start(const ResumeChoice& choice, const SmallRun& run) {
    TrainingState state = run.New(&world_);
    saved_ = StartFrom(choice,
                       {.job = run.loaded.job,
                        .data_sha256 = data_sha256_,
                        .directory = directory_ ? &*directory_ : nullptr,
                        .layout = run.layout()},
                       &world_, &state);
    return state;
  }

  // `run` cannot begin: every rank learns that, and rank 0 says why.
  void ExpectRefusal(const ResumeChoice& choice, const SmallRun& run, ExitCode code,
                     const testing::Matcher<std::string>& reason) {
    try {
      Start(choice, run);
      ADD_FAILURE() << "the run began";
    } catch (const FailedTogether& failure) {
      EXPECT_EQ(failure.exit_code(), code);
      EXPECT_EQ(failure.here(), IsRoot());
      EXPECT_THAT(failure.what(), reason);
      EXPECT_EQ(std::string(failure.what()).starts_with("rank 0 ("), !IsRoot());
    }
  }

  static void ExpectSame(const TrainingState& state, const TrainingState& expected) {
    EXPECT_EQ(state.position, expected.position);
    EXPECT_EQ(NumbersOf(state), NumbersOf(expected));
  }

  comm::Communicator world_ = comm::Communicator::World(GetParam().most_in_node);
  std::optional<storage::TemporaryDirectory> scratch_;
  std::optional<storage::RunDirectory> directory_;
  SmallRun run_;
  std::string data_sha256_ = run_.Identity().data_sha256;
  bool saved_ = false;  // what the last Start has found
};

INSTANTIATE_TEST_SUITE_P(On, ResumeTest, testing::ValuesIn(kNodeLayouts), NodeLayoutName);

TEST_P(ResumeTest, WithoutCheckpointsARunBeginsAnew) {
  ExpectSame(Start({.kind = Kind::kAuto}, run_), run_.New());
  ExpectSame(Start({.kind = Kind::kNever}, run_), run_.New());
}

TEST_P(ResumeTest, AutoGoesOnFromTheNewestCheckpointOnAllRanks) {
  Save(4, run_);
  Save(8, run_);
  ExpectSame(Start({.kind = Kind::kAuto}, run_), run_.Numbered(8));
}

TEST_P(ResumeTest, AutoPassesOverADamagedCheckpoint) {
  Save(4, run_);
  const auto damaged = Save(8, run_);
  if (IsRoot()) {
    storage::WriteRaw(damaged, "damaged");
  }
  ExpectSame(Start({.kind = Kind::kAuto}, run_), run_.Numbered(4));
}

TEST_P(ResumeTest, AutoBeginsNothingAnewWhereEveryCheckpointIsDamaged) {
  const auto damaged = Save(8, run_);
  if (IsRoot()) {
    storage::WriteRaw(damaged, "damaged");
  }
  ExpectRefusal({.kind = Kind::kAuto}, run_, ExitCode::kStorage, HasSubstr("step-00000008.h5"));
}

TEST_P(ResumeTest, APathNamesTheCheckpointToGoOnFrom) {
  const auto path = Save(4, run_);
  Save(8, run_);
  ExpectSame(Start({.kind = Kind::kFrom, .path = path}, run_), run_.Numbered(4));
}

TEST_P(ResumeTest, APathThatLeadsNowhereIsRefused) {
  ExpectRefusal({.kind = Kind::kFrom, .path = "/nowhere/a.h5"}, run_, ExitCode::kStorage,
                HasSubstr("/nowhere/a.h5"));
}

TEST_P(ResumeTest, NeverRefusesADirectoryWithCheckpoints) {
  Save(4, run_);
  ExpectRefusal({.kind = Kind::kNever}, run_, ExitCode::kUsage,
                HasSubstr("has checkpoints, which --resume never would overwrite"));
}

TEST_P(ResumeTest, OtherSamplesAStepAreRefusedWithTheFieldThatChanged) {
  Save(4, run_);
  for (const auto& [field, value] : {std::pair("global_batch", "25"),
                                     {"seed", "4"},
                                     {"data.digits.train_samples", "101"},
                                     {"data.digits.seed", "2"},
                                     {"data.holdout.samples", "21"}}) {
    const SmallRun changed({std::string(field) + "=" + value});
    ExpectRefusal({.kind = Kind::kAuto}, changed, ExitCode::kUsage,
                  AllOf(HasSubstr("step-00000004.h5: was trained on other samples a step"),
                        HasSubstr(std::string("modified: ") + field + ": "),
                        HasSubstr(std::string("-> ") + value)));
  }
}

TEST_P(ResumeTest, OtherDataIsRefused) {
  Save(4, run_);
  data_sha256_ = "another";
  ExpectRefusal({.kind = Kind::kAuto}, run_, ExitCode::kData,
                HasSubstr("step-00000004.h5: was trained on other images or labels"));
}

TEST_P(ResumeTest, KnowsWhetherTheStateIsInTheRunsOwnDirectory) {
  const auto own = Save(4, run_);
  Start({.kind = Kind::kAuto}, run_);
  EXPECT_TRUE(saved_);
  Start({.kind = Kind::kFrom, .path = own}, run_);
  EXPECT_TRUE(saved_);
  const auto copy = IsRoot() ? *scratch_ / "copy.h5" : "elsewhere";
  if (IsRoot()) {
    std::filesystem::copy_file(own, copy);
  }
  Start({.kind = Kind::kFrom, .path = copy}, run_);
  EXPECT_FALSE(saved_);
}

TEST_P(ResumeTest, AJobThatChangedInAnotherWayGoesOn) {
  Save(4, run_);
  const SmallRun changed({"optimizer.adam.learning_rate=0.5", "epochs=9", "data.prefetch=7",
                          "data.augment.rotation.degrees=5"});
  ExpectSame(Start({.kind = Kind::kAuto}, changed), changed.Numbered(4));
}

TEST_P(ResumeTest, AnotherOptimizerIsRefusedEvenOneWithSlotsOfTheSameNames) {
  Save(4, run_);
  for (const char* kind : {"adamw", "lamb"}) {
    const SmallRun changed({std::string("optimizer.") + kind + "={}"});
    ExpectRefusal({.kind = Kind::kAuto}, changed, ExitCode::kStorage,
                  HasSubstr(std::string("step-00000004.h5: was trained by another optimizer: by "
                                        "adam, and the job says ") +
                            kind + "; resume with the job it was trained by"));
  }
}

TEST_P(ResumeTest, AnotherModelIsRefused) {
  Save(4, run_);
  const SmallRun changed({"model.layer[0].conv2d.filters=3"});
  ExpectRefusal({.kind = Kind::kAuto}, changed, ExitCode::kStorage,
                HasSubstr("is of another model: conv.weight is 2x1x3x3 there and 3x1x3x3 in the "
                          "job"));
}

TEST_P(ResumeTest, ANewRunMayBeginWithTheWeightsOfAnother) {
  const auto weights = Save(4, run_);
  if (IsRoot()) {
    std::filesystem::rename(weights, *scratch_ / "weights.h5");
  }
  const TrainingState state =
      Start({.kind = Kind::kAuto, .initial_weights = IsRoot() ? *scratch_ / "weights.h5" : weights},
            run_);
  TrainingState expected = run_.New();
  std::ranges::copy(run_.Numbered(4).values, expected.values.begin());
  ExpectSame(state, expected);
}

TEST_P(ResumeTest, AnAverageBeginsWithTheWeightsThatTheRunBeginsWith) {
  const SmallRun averaging({"weight_average={}"});
  const auto weights = Save(4, run_);
  if (IsRoot()) {
    std::filesystem::rename(weights, *scratch_ / "weights.h5");
  }
  const TrainingState state =
      Start({.kind = Kind::kAuto, .initial_weights = IsRoot() ? *scratch_ / "weights.h5" : weights},
            averaging);
  EXPECT_TRUE(std::ranges::equal(state.evaluated_values(), run_.Numbered(4).values));
}

TEST_P(ResumeTest, AnAverageGoesOnOnAllRanks) {
  const SmallRun averaging({"weight_average={}"});
  Save(4, averaging);
  ExpectSame(Start({.kind = Kind::kAuto}, averaging), averaging.Numbered(4));
}

TEST_P(ResumeTest, AResumedRunTakesNoInitialWeights) {
  const auto other = Save(4, run_);
  Save(8, run_);
  ExpectSame(Start({.kind = Kind::kAuto, .initial_weights = other}, run_), run_.Numbered(8));
}

}  // namespace
}  // namespace lockstep
