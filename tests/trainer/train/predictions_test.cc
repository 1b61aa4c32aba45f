#include "trainer/train/predictions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "storage/metrics_file.h"
#include "tests/storage/test_files.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Answer, IsTheFirstOfTheLargestScores) {
  EXPECT_EQ(Answer(std::vector<double>{-3, -1, -2}), 1);
  EXPECT_EQ(Answer(std::vector<double>{-3, 5, 2, 5}), 1);
  EXPECT_EQ(Answer(std::vector<double>{0}), 0);
}

TEST(WritePredictions, ARowHoldsASamplesIndexLabelAnswerAndScores) {
  const storage::TemporaryDirectory directory;
  WritePredictions(directory / "p.h5", {.classes = 2,
                                        .samples = {4, 9},
                                        .labels = {1, 1},
                                        .scores = {0.5, -2.5, -std::log(3.0), 7}});
  const storage::Metrics file = storage::ReadMetrics(directory / "p.h5");
  ASSERT_THAT(file, ElementsAre(testing::Key("predictions")));
  const storage::Table& table = file.at("predictions");
  EXPECT_THAT(table.Ints("sample"), ElementsAre(4, 9));
  EXPECT_THAT(table.Ints("label"), ElementsAre(1, 1));
  EXPECT_THAT(table.Ints("answer"), ElementsAre(0, 1));
  EXPECT_THAT(table.Doubles("score_0"), ElementsAre(0.5, -std::log(3.0)));
  EXPECT_THAT(table.Doubles("score_1"), ElementsAre(-2.5, 7));
}

TEST(WritePredictions, TheMostClassesThatArePredictableFitIntoATable) {
  const storage::TemporaryDirectory directory;
  CheckPredictable(kMostPredictedClasses);
  const std::vector<double> scores(kMostPredictedClasses, 1.5);
  WritePredictions(
      directory / "p.h5",
      {.classes = kMostPredictedClasses, .samples = {0}, .labels = {0}, .scores = scores});
  const storage::Metrics file = storage::ReadMetrics(directory / "p.h5");
  EXPECT_EQ(file.at("predictions").columns().size(), 3U + kMostPredictedClasses);
}

TEST(CheckPredictable, MoreClassesThanATableHasRoomForAreRefused) {
  EXPECT_THAT([] { CheckPredictable(901); },
              ThrowsMessage<ConfigError>(HasSubstr("a table of 901 classes would have a column for "
                                                   "each, and at most 900 are possible")));
}

}  // namespace
}  // namespace lockstep
