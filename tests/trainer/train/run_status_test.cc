#include "trainer/train/run_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/storage/test_files.h"

namespace lockstep {
namespace {

using testing::HasSubstr;

// One with every field set, to something else than its default.
RunStatus FullStatus() {
  RunStatus status{.name = "lenet5", .state = RunState::kTraining, .step = 30, .total_steps = 100};
  status.steps_per_epoch = 25;
  status.images_per_second = 1234.5;
  status.seconds_left = 6.25;
  status.training = {.step = 30, .accuracy = 0.75, .loss = 0.5};
  status.holdout = {.step = 25, .accuracy = 0.5, .loss = 0.75};
  status.best = {.step = 20, .accuracy = 0.625};
  status.test = {.step = 100, .accuracy = 0.875, .loss = 0.25};
  status.checkpoint = 25;
  status.updated = 1700000100;
  status.host = "node1";
  status.process = 812;
  status.attempts_left_out = 2;
  status.attempts = {{.launch = "slurm-17",
                      .number = 3,
                      .reason = "node2 \"crashed\"",
                      .started = 1700000000,
                      .ranks = 4,
                      .threads = 2,
                      .hosts = {"node1", "node3"},
                      .from_step = 10,
                      .step = 30,
                      .ended = 1700000050,
                      .outcome = RunState::kFailed,
                      .error = "größer"},
                     {.started = 1700000060, .ranks = 1, .hosts = {"node1"}}};
  return status;
}

std::string TextOf(const RunStatus& status) { return ToJson(status).dump(); }

TEST(RunStatus, IsTheSameAfterWritingAndReading) {
  const std::string text = TextOf(FullStatus());
  EXPECT_EQ(TextOf(ParseStatus(text, "status.json")), text);
}

TEST(RunStatus, SaysTimesForPeopleAndLeavesOutWhatIsNotKnown) {
  const nlohmann::ordered_json json = ToJson(FullStatus());
  EXPECT_EQ(json["updated"], "2023-11-14T22:15:00Z");
  EXPECT_EQ(json["epoch"], 2);
  EXPECT_EQ(json["epochs"], 4);
  EXPECT_EQ(json["checkpoint"]["path"], "checkpoints/step-00000025.h5");
  EXPECT_EQ(json["ranks"], 1) << "those of the last attempt";
  EXPECT_FALSE(json["attempts"][1].contains("launch"));
  EXPECT_FALSE(json["attempts"][1].contains("outcome"));
  EXPECT_EQ(TextOf({}), R"({"format":1,"name":"","state":"unknown","step":0,"attempts":[]})");
}

TEST(RunStatus, CutOffAnywhereIsRefusedAndTheFileIsNamed) {
  const std::string text = TextOf(FullStatus());
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_THAT(storage::ErrorOf([&] { ParseStatus(text.substr(0, length), "run/status.json"); }),
                HasSubstr("run/status.json: is not what Lockstep has written"))
        << length;
  }
}

TEST(RunStatus, OfAnotherKindIsRefused) {
  for (const char* text : {"[]", "{}", "7", R"({"format": "one"})", R"({"format":1,"name":3})"}) {
    EXPECT_THAT(storage::ErrorOf([&] { ParseStatus(text, "status.json"); }),
                HasSubstr("status.json: is not what Lockstep has written"))
        << text;
  }
  nlohmann::ordered_json json = ToJson(FullStatus());
  json["updated"] = "yesterday";
  EXPECT_THAT(storage::ErrorOf([&] { ParseStatus(json.dump(), "status.json"); }),
              HasSubstr("status.json: \"yesterday\" is no time"));
  json["updated"] = "2023-11-14T22:15:00Z";
  json.erase("steps_per_epoch");
  EXPECT_THAT(storage::ErrorOf([&] { ParseStatus(json.dump(), "status.json"); }),
              HasSubstr("status.json: has total_steps, but no steps_per_epoch"));
  json["format"] = 2;
  EXPECT_THAT(storage::ErrorOf([&] { ParseStatus(json.dump(), "status.json"); }),
              HasSubstr("status.json: is of a newer format"));
}

}  // namespace
}  // namespace lockstep
