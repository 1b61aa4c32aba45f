#include "trainer/config/source_map.h"

#include <gtest/gtest.h>

#include "tests/trainer/config/config_testing.h"

namespace lockstep {
namespace {

SourceMap SomePositions() {
  SourceMap positions("job");
  positions.AddField("model", {2, 1});
  positions.AddField("model.layer[0]", {3, 3});
  positions.AddField("model.layer[0].conv2d", {4, 5});
  positions.AddField("model.layer[0].conv2d.stride", {5, 7});
  return positions;
}

TEST(SourceMap, NamesThePlaceOfAField) {
  EXPECT_EQ(SomePositions().Describe("model.layer[0].conv2d.stride"),
            "job:5:7: model.layer[0].conv2d.stride");
}

TEST(SourceMap, NamesTheMessageAroundAFieldThatWasNotWritten) {
  EXPECT_EQ(SomePositions().Describe("model.layer[0].conv2d.groups"),
            "job:4:5: model.layer[0].conv2d.groups");
  EXPECT_EQ(SomePositions().Describe("model.layer[7].conv2d.groups"),
            "job:2:1: model.layer[7].conv2d.groups");
  EXPECT_EQ(SomePositions().Describe("model.layer[0].conv2d.strides"),
            "job:4:5: model.layer[0].conv2d.strides");
}

TEST(SourceMap, TellsWhichFieldsWereSetThemselves) {
  SourceMap positions = SomePositions();
  positions.AddOverride("data.mnist.digest", "data.mnist.digest=IGNORED");
  EXPECT_TRUE(positions.Sets("model.layer[0].conv2d.stride"));
  EXPECT_TRUE(positions.Sets("data.mnist.digest"));
  EXPECT_FALSE(positions.Sets("model.layer[0].conv2d.stride_height"));
  EXPECT_FALSE(positions.Sets("data.mnist"));
}

TEST(SourceMap, AListStandsWhereItsFirstElementDoes) {
  EXPECT_EQ(SomePositions().Describe("model.layer"), "job:3:3: model.layer");
}

TEST(SourceMap, NamesTheStartOfTheFileAtLast) {
  EXPECT_EQ(SomePositions().Describe("data.holdout"), "job:1:1: data.holdout");
  EXPECT_EQ(SomePositions().Describe(""), "job:1:1");
}

TEST(SourceMap, AnOverrideCountsForAllWithinIt) {
  SourceMap positions = SomePositions();
  positions.AddOverride("model.layer[0].conv2d", "model.layer[0].conv2d={...}");
  EXPECT_EQ(positions.Describe("model.layer[0].conv2d.stride"),
            "--set model.layer[0].conv2d={...}: model.layer[0].conv2d.stride");
  EXPECT_EQ(positions.Describe("model.layer[0]"), "job:3:3: model.layer[0]");
}

TEST(SourceMap, AnOverrideCountsForMessagesThatItMade) {
  SourceMap positions = SomePositions();
  positions.AddOverride("data.digits.noise", "data.digits.noise=0");
  EXPECT_EQ(positions.Describe("data.digits.seed"), "--set data.digits.noise=0: data.digits.seed");
}

TEST(SourceMap, TheLatestOverrideCounts) {
  SourceMap positions = SomePositions();
  positions.AddOverride("model", "model={}");
  positions.AddOverride("model.layer[0].conv2d.stride", "model.layer[0].conv2d.stride=1");
  EXPECT_EQ(positions.Describe("model.layer[0].conv2d.stride"),
            "--set model.layer[0].conv2d.stride=1: model.layer[0].conv2d.stride");
}

TEST(SourceMap, ALoadedJobKnowsWhereItsSettingsStand) {
  const LoadedJob loaded = ParseJob(kSmallJob, "job");
  EXPECT_EQ(loaded.positions.Describe("model.layer[2].max_pool.kernel"),
            "job:5:35: model.layer[2].max_pool.kernel");
  EXPECT_EQ(loaded.positions.Describe("model.layer[3]"), "job:6:3: model.layer[3]");
}

}  // namespace
}  // namespace lockstep
