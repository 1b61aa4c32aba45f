#include "trainer/train/status_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "storage/run_directory.h"
#include "tests/storage/test_files.h"

namespace lockstep {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int64_t kWritten = 1700000000;

class StatusReportTest : public testing::Test {
 protected:
  // What a run of 100 steps wrote after step 30.
  static RunStatus Status() {
    RunStatus status{.name = "small", .state = RunState::kTraining, .step = 30, .total_steps = 100};
    status.steps_per_epoch = 25;
    status.images_per_second = 12345.6;
    status.seconds_left = 70;
    status.holdout = {.step = 25, .accuracy = 0.5, .loss = 1};
    status.best = {.step = 20, .accuracy = 0.625};
    status.checkpoint = 25;
    status.updated = kWritten;
    status.host = "node1";
    status.process = 812;
    status.attempts = {{.launch = "slurm-17",
                        .number = 1,
                        .started = kWritten - 300,
                        .ranks = 8,
                        .hosts = {"node1", "node2"},
                        .step = 25,
                        .ended = kWritten - 200,
                        .outcome = RunState::kLost},
                       {.launch = "slurm-17",
                        .number = 2,
                        .reason = "node2 crashed",
                        .started = kWritten - 100,
                        .ranks = 4,
                        .threads = 2,
                        .hosts = {"node1"},
                        .from_step = 25,
                        .step = 30}};
    return status;
  }

  StatusReport Report(const RunStatus& status, int64_t age) {
    directory_.WriteStatus(ToJson(status).dump());
    return ReportStatus(directory_.path(), kWritten + age);
  }

  storage::TemporaryDirectory scratch_;
  storage::RunDirectory directory_{scratch_ / "run"};
};

TEST_F(StatusReportTest, TellsPeopleHowARunIsGettingOn) {
  const std::string text = ToText(Report(Status(), 3));
  for (const char* line :
       {"run: training, attempt 2 of launch slurm-17\n", "step        30 of 100, epoch 2 of 4\n",
        "hold-out    accuracy 50.00 % after step 25; best 62.50 % after step 20\n",
        "speed       12,346 images/s, 1:10 left\n", "/run/checkpoints/step-00000025.h5\n",
        "ranks       4 of 2 threads each on node1\n",
        "updated     3 seconds ago, by process 812 on node1\n", "1 of slurm-17", "node2 crashed",
        "goes on"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(StatusReportTest, NewsOfTwoMinutesAgoAreNoLossYet) {
  const StatusReport report = Report(Status(), 120);
  EXPECT_EQ(report.status.state, RunState::kTraining);
  EXPECT_THAT(report.remarks, IsEmpty());
}

TEST_F(StatusReportTest, WithoutNewsForMoreThanTwoMinutesARunCountsAsLost) {
  const StatusReport report = Report(Status(), 7 * 60);
  EXPECT_EQ(report.status.state, RunState::kLost);
  EXPECT_THAT(
      report.remarks,
      ElementsAre(HasSubstr("no news for 7 minutes: rank 0 (process 812 on node1) may be dead")));
  EXPECT_EQ(report.status.attempts.back().outcome, RunState::kLost);
  const nlohmann::ordered_json json = ToJson(report);
  EXPECT_EQ(json["state"], "lost");
  EXPECT_EQ(json["seconds_since_update"], 420);
  EXPECT_EQ(json["run_directory"], directory_.path().string());
}

TEST_F(StatusReportTest, WhereAStepTakesAMinuteTenOfThemMayPass) {
  RunStatus slow = Status();
  slow.seconds_left = 70 * 60;
  EXPECT_EQ(Report(slow, 600).status.state, RunState::kTraining);
  EXPECT_EQ(Report(slow, 601).status.state, RunState::kLost);
}

TEST_F(StatusReportTest, ARunThatHasEndedIsNeverLost) {
  for (const RunState state : {RunState::kFinished, RunState::kStopped, RunState::kFailed}) {
    RunStatus status = Status();
    status.state = state;
    EXPECT_EQ(Report(status, 1'000'000).status.state, state);
  }
}

TEST_F(StatusReportTest, AClockThatIsBehindIsNoMatter) { EXPECT_EQ(Report(Status(), -30).age, 0); }

TEST_F(StatusReportTest, WithoutStatusCheckpointsAndMetricsTell) {
  directory_.WriteCheckpoint(8, storage::SmallCheckpoint(8));
  directory_.WriteCheckpoint(4, storage::SmallCheckpoint(4));
  const StatusReport report = ReportStatus(directory_.path() / "", kWritten);
  EXPECT_EQ(report.status.name, "run");
  EXPECT_EQ(report.status.state, RunState::kUnknown);
  EXPECT_EQ(report.status.step, 8);
  EXPECT_EQ(report.status.checkpoint, 8);
  EXPECT_THAT(report.remarks, ElementsAre(HasSubstr("there is no status.json")));
  EXPECT_THAT(ToText(report), AllOf(HasSubstr("step-00000008.h5"), Not(HasSubstr("updated"))));
}

TEST_F(StatusReportTest, ADamagedStatusIsRemarkedOnAndCheckpointsTell) {
  directory_.WriteCheckpoint(8, storage::SmallCheckpoint(8));
  directory_.WriteStatus("{\"format\":");
  storage::WriteRaw(directory_.Metrics(), "damaged");
  const StatusReport report = ReportStatus(directory_.path(), kWritten);
  EXPECT_EQ(report.status.step, 8);
  EXPECT_THAT(report.remarks,
              ElementsAre(HasSubstr("status.json: is not what Lockstep has written"),
                          HasSubstr("metrics.h5: ")));
}

TEST_F(StatusReportTest, ADirectoryWithNothingSavedYetIsARunsToo) {
  EXPECT_THAT(ToText(ReportStatus(directory_.path(), kWritten)),
              HasSubstr("checkpoint  none yet\n"));
}

TEST_F(StatusReportTest, WhatIsNoRunDirectoryIsRefusedWithTheRemedy) {
  const auto refusal = [](const std::filesystem::path& path) {
    return storage::ErrorOf([&] { ReportStatus(path, kWritten); });
  };
  EXPECT_THAT(refusal(scratch_ / "missing"),
              AllOf(HasSubstr("missing: is not there; give the directory of a run")));
  storage::WriteRaw(scratch_ / "file", "");
  EXPECT_THAT(refusal(scratch_ / "file"), HasSubstr("file: is no directory; give the directory"));
  std::filesystem::create_directory(scratch_ / "empty");
  EXPECT_THAT(refusal(scratch_ / "empty"),
              HasSubstr("empty: is not the directory of a run; give the directory of a run"));
  directory_.WriteJob("");
  EXPECT_THAT(refusal(scratch_.path()),
              HasSubstr("is not the directory of a run; there are " + directory_.path().string()));
}

}  // namespace
}  // namespace lockstep
