#include "trainer/train/status_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/storage/test_files.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class StatusKeeperTest : public testing::Test {
 protected:
  static AttemptRecord Attempt(int64_t number, const std::string& launch = "slurm-17") {
    return {.launch = launch, .number = number, .started = Now(), .ranks = 2, .hosts = {"node1"}};
  }

  StatusKeeper Keeper(const AttemptRecord& attempt = {}) { return {&directory_, "small", attempt}; }

  // An attempt that is over; lost, if `outcome` says so.
  void Try(const AttemptRecord& attempt, int64_t from_step, RunState outcome) {
    StatusKeeper keeper = Keeper(attempt);
    keeper.Begin({.step = from_step, .total_steps = 100, .threads = 1});
    if (outcome != RunState::kLost) {
      keeper.End(outcome, outcome == RunState::kFailed ? "rank 1 ran out of memory" : "");
    }
  }

  // What a fourth attempt is told that begins after step 10.
  std::string Refusal(int64_t most) {
    try {
      Keeper(Attempt(4)).CheckProgress(10, most);
      return "";
    } catch (const NoProgressError& error) {
      return error.what();
    }
  }

  RunStatus Written() const { return ReadStatus(directory_.Status()); }

  storage::TemporaryDirectory scratch_;
  storage::RunDirectory directory_{scratch_ / "run"};
};

TEST_F(StatusKeeperTest, WritesWhateverHappens) {
  StatusKeeper keeper = Keeper(Attempt(1));
  EXPECT_EQ(Written().state, RunState::kStarting);
  keeper.Begin({.total_steps = 100, .steps_per_epoch = 25, .threads = 2});
  EXPECT_EQ(Written().state, RunState::kTraining);
  keeper.OnStep({.step = 25, .accuracy = 0.5, .loss = 1}, 2500);
  keeper.OnEvaluating();
  EXPECT_EQ(Written().state, RunState::kEvaluating);
  EXPECT_EQ(Written().step, 25);
  EXPECT_GT(Written().images_per_second, 0);
  EXPECT_GT(Written().seconds_left, 0);
  keeper.OnHoldout({.step = 25, .accuracy = 0.75}, {.step = 25, .accuracy = 0.75});
  keeper.OnSaving();
  EXPECT_EQ(Written().state, RunState::kSaving);
  EXPECT_EQ(Written().best->accuracy, 0.75);
  keeper.OnSaved(25);
  EXPECT_EQ(Written().checkpoint, 25);
  keeper.End(RunState::kStopped);
  EXPECT_EQ(Written().state, RunState::kStopped);
  EXPECT_EQ(Written().attempts.at(0).outcome, RunState::kStopped);
  EXPECT_EQ(Written().attempts.at(0).step, 25);
  EXPECT_EQ(Written().seconds_left, std::nullopt);
}

TEST_F(StatusKeeperTest, StepsAloneAreNotWrittenEachTime) {
  StatusKeeper keeper = Keeper();
  keeper.Begin({.total_steps = 100});
  for (int64_t step = 1; step <= 50; ++step) {
    keeper.OnStep({.step = step, .accuracy = 0.5}, step);
  }
  EXPECT_LT(Written().step, 50) << "unless fifty calls take more than ten seconds";
}

TEST_F(StatusKeeperTest, AnAttemptWithoutAnEndWasLost) {
  Try(Attempt(1), 0, RunState::kLost);
  Try(Attempt(2), 10, RunState::kFailed);
  const RunStatus status = Written();
  ASSERT_EQ(status.attempts.size(), 2U);
  EXPECT_EQ(status.attempts[0].outcome, RunState::kLost);
  EXPECT_TRUE(status.attempts[0].ended);
  EXPECT_EQ(status.attempts[1].outcome, RunState::kFailed);
  EXPECT_EQ(status.attempts[1].error, "rank 1 ran out of memory");
}

TEST_F(StatusKeeperTest, WhatWasMeasuredAfterTheStepThatItGoesOnFromIsDropped) {
  {
    StatusKeeper keeper = Keeper();
    keeper.Begin({.total_steps = 100});
    keeper.OnHoldout({.step = 20, .accuracy = 0.75}, {.step = 10, .accuracy = 0.875});
  }
  Keeper().Begin({.step = 10, .total_steps = 100});
  EXPECT_FALSE(Written().holdout);
  EXPECT_EQ(Written().best->step, 10);
}

TEST_F(StatusKeeperTest, TheOldestOfVeryManyAttemptsAreLeftOut) {
  for (int i = 0; i < 203; ++i) {
    Keeper(Attempt(i + 1));
  }
  EXPECT_EQ(Written().attempts.size(), 200U);
  EXPECT_EQ(Written().attempts_left_out, 3);
  EXPECT_EQ(Written().attempts.front().number, 4);
}

TEST_F(StatusKeeperTest, ADamagedFileIsWrittenAnew) {
  storage::WriteRaw(directory_.Status(), "{");
  Keeper(Attempt(1));
  EXPECT_EQ(Written().attempts.size(), 1U);
}

TEST_F(StatusKeeperTest, AFileThatCannotBeWrittenDisturbsNothing) {
  std::filesystem::create_directory(directory_.Status());
  StatusKeeper keeper = Keeper();
  EXPECT_NO_THROW(keeper.End(RunState::kFinished));
}

TEST_F(StatusKeeperTest, NothingIsWrittenOnceALaterAttemptHasTakenOver) {
  storage::RunDirectory first(scratch_ / "other", {.launch = "slurm-17", .attempt = 1});
  StatusKeeper keeper(&first, "small", Attempt(1));
  storage::RunDirectory second(scratch_ / "other", {.launch = "slurm-17", .attempt = 2});
  const StatusKeeper later(&second, "small", Attempt(2));
  EXPECT_THROW(keeper.OnSaving(), storage::TakenOver);
  EXPECT_EQ(ReadStatus(first.Status()).attempts.size(), 2U);
}

TEST_F(StatusKeeperTest, GivesUpAfterAsManyAttemptsInVain) {
  Try(Attempt(1), 10, RunState::kFailed);
  Try(Attempt(2), 10, RunState::kLost);
  Try(Attempt(3), 10, RunState::kFailed);
  EXPECT_THAT(
      Refusal(3),
      AllOf(HasSubstr("run: gives up: the last 3 attempts of launch slurm-17 began after "
                      "step 10"),
            HasSubstr("(the last one: rank 1 ran out of memory)"), HasSubstr("--give-up-after 0")));
}

TEST_F(StatusKeeperTest, GivingUpAgainNamesTheFailureNotTheGivingUp) {
  Try(Attempt(1), 10, RunState::kLost);
  const std::string first = Refusal(1);
  EXPECT_THAT(first, HasSubstr("the last 1 attempt of launch slurm-17"));
  EXPECT_THAT(first, HasSubstr("(the last one: lost)"));
  EXPECT_EQ(Refusal(1), first);
  EXPECT_EQ(Written().state, RunState::kGaveUp);
}

TEST_F(StatusKeeperTest, GoesOnWhileFewerWereInVainOrWhenNotAsked) {
  Try(Attempt(2), 10, RunState::kFailed);
  Try(Attempt(3), 10, RunState::kFailed);
  EXPECT_EQ(Refusal(3), "");
  EXPECT_EQ(Refusal(0), "");
}

TEST_F(StatusKeeperTest, AnAttemptThatSavedOrWasStoppedIsProgress) {
  Try(Attempt(1), 10, RunState::kFailed);
  Try(Attempt(2), 10, RunState::kStopped);
  Try(Attempt(3), 10, RunState::kFailed);
  EXPECT_EQ(Refusal(2), "");
}

TEST_F(StatusKeeperTest, AnAttemptThatBeganEarlierHasSaved) {
  Try(Attempt(1), 10, RunState::kFailed);
  Try(Attempt(2), 5, RunState::kFailed);
  Try(Attempt(3), 10, RunState::kFailed);
  EXPECT_EQ(Refusal(2), "");
}

TEST_F(StatusKeeperTest, ALaunchHasSavedOnceThereIsACheckpointAfterItsFirstBeginning) {
  directory_.WriteCheckpoint(10, storage::SmallCheckpoint(10));
  EXPECT_FALSE(Keeper(Attempt(1)).LaunchHasSaved()) << "that one is another's";
  EXPECT_FALSE(Keeper(Attempt(2)).LaunchHasSaved()) << "the first did not get as far as beginning";
  Try(Attempt(3), 10, RunState::kLost);
  EXPECT_FALSE(Keeper(Attempt(4)).LaunchHasSaved());
  directory_.WriteCheckpoint(20, storage::SmallCheckpoint(20));
  EXPECT_TRUE(Keeper(Attempt(5)).LaunchHasSaved());
  EXPECT_FALSE(Keeper(Attempt(1, "slurm-18")).LaunchHasSaved());
  EXPECT_FALSE(Keeper(Attempt(0, "")).LaunchHasSaved());
}

TEST_F(StatusKeeperTest, ANewLaunchCountsFromTheBeginning) {
  Try(Attempt(1, "slurm-16"), 10, RunState::kFailed);
  Try(Attempt(2, "slurm-16"), 10, RunState::kFailed);
  Try(Attempt(3), 10, RunState::kFailed);
  EXPECT_EQ(Refusal(2), "");
}

}  // namespace
}  // namespace lockstep
