#include "storage/metrics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/hdf5_writer.h"
#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Table StepAnd(const std::string& name, ColumnType type = ColumnType::kDouble) {
  return Table({{.name = "step", .type = ColumnType::kInt64}, {.name = name, .type = type}});
}

void Append(Table& table, int64_t step, double value) {
  const std::vector<Cell> row = {step, value};
  table.AppendRow(row);
}

Metrics Expected() { return {{"train", StepAnd("loss")}, {"eval", StepAnd("accuracy")}}; }

Metrics ThreeSteps() {
  Metrics metrics = Expected();
  for (const int64_t step : {1, 2, 3}) {
    Append(metrics.at("train"), step, 1.0 / static_cast<double>(step));
  }
  Append(metrics.at("eval"), 2, 0.9);
  return metrics;
}

std::string ResumeError(const std::filesystem::path& path, const Metrics& expected = Expected()) {
  return ErrorOf([&] { ResumeMetrics(path, expected, 1); });
}

TEST(Metrics, ComeBackAsTheyWere) {
  const TemporaryDirectory directory;
  Metrics metrics = ThreeSteps();
  Table names({{.name = "host", .type = ColumnType::kString, .width = 3}});
  const std::vector<Cell> row = {std::string("abc")};
  names.AppendRow(row);
  metrics.emplace("ranks", names);
  WriteMetrics(directory / "metrics.h5", metrics);

  const Metrics back = ReadMetrics(directory / "metrics.h5");
  ASSERT_EQ(back.size(), 3U);
  EXPECT_EQ(back.at("train").columns(), metrics.at("train").columns());
  EXPECT_THAT(back.at("train").Ints("step"), ElementsAre(1, 2, 3));
  EXPECT_THAT(back.at("train").Doubles("loss"), ElementsAre(1.0, 0.5, 1.0 / 3.0));
  EXPECT_THAT(back.at("eval").Doubles("accuracy"), ElementsAre(0.9));
  EXPECT_THAT(back.at("ranks").Strings("host"), ElementsAre("abc"));
}

TEST(Metrics, TablesOfManyChunksComeBack) {
  const TemporaryDirectory directory;
  Metrics metrics = Expected();
  for (int64_t step = 0; step < 10'000; ++step) {
    Append(metrics.at("train"), step, 0.5);
  }
  WriteMetrics(directory / "metrics.h5", metrics);
  const Metrics back = ReadMetrics(directory / "metrics.h5");
  EXPECT_EQ(back.at("train").Ints("step"), metrics.at("train").Ints("step"));
}

TEST(Metrics, BytesDependOnTheContentAlone) {
  const TemporaryDirectory directory;
  WriteMetrics(directory / "a.h5", ThreeSteps());
  WriteMetrics(directory / "b.h5", ThreeSteps());
  EXPECT_EQ(ReadFile(directory / "a.h5"), ReadFile(directory / "b.h5"));
}

TEST(ResumeMetrics, WithoutAFileStartsEmpty) {
  const Metrics metrics = ResumeMetrics("/nowhere/metrics.h5", Expected(), 5);
  EXPECT_EQ(metrics.size(), 2U);
  EXPECT_EQ(metrics.at("train").row_count(), 0U);
}

TEST(ResumeMetrics, DropsRowsAfterTheStep) {
  const TemporaryDirectory directory;
  WriteMetrics(directory / "metrics.h5", ThreeSteps());
  Metrics metrics = ResumeMetrics(directory / "metrics.h5", Expected(), 1);
  EXPECT_THAT(metrics.at("train").Ints("step"), ElementsAre(1));
  EXPECT_EQ(metrics.at("eval").row_count(), 0U);
  metrics = ResumeMetrics(directory / "metrics.h5", Expected(), 3);
  EXPECT_THAT(metrics.at("train").Ints("step"), ElementsAre(1, 2, 3));
}

TEST(ResumeMetrics, RefusesOtherColumns) {
  const TemporaryDirectory directory;
  WriteMetrics(directory / "metrics.h5", ThreeSteps());
  const Metrics renamed = {{"train", StepAnd("error")}, {"eval", StepAnd("accuracy")}};
  EXPECT_THAT(ResumeError(directory / "metrics.h5", renamed),
              AllOf(HasSubstr("series train has the columns step (integer), loss (double); this "
                              "run records step (integer), error (double)"),
                    HasSubstr("move the file away")));
  const Metrics retyped = {{"train", StepAnd("loss", ColumnType::kInt64)},
                           {"eval", StepAnd("accuracy")}};
  EXPECT_THAT(ResumeError(directory / "metrics.h5", retyped), HasSubstr("loss (integer)"));
}

TEST(ResumeMetrics, RefusesOtherSeries) {
  const TemporaryDirectory directory;
  WriteMetrics(directory / "metrics.h5", ThreeSteps());
  Metrics more = Expected();
  more.emplace("ranks", StepAnd("seconds"));
  EXPECT_THAT(ResumeError(directory / "metrics.h5", more), HasSubstr("series ranks is missing"));
  Metrics fewer = Expected();
  fewer.erase("eval");
  EXPECT_THAT(ResumeError(directory / "metrics.h5", fewer), HasSubstr("has 2 series"));
}

TEST(ResumeMetrics, RefusesAnUnreadableFileAndSaysWhatMovingItAwayCosts) {
  const TemporaryDirectory directory;
  const auto path = directory / "metrics.h5";
  const auto advice = HasSubstr("move the file away to go on without the metrics");
  WriteMetrics(path, ThreeSteps());
  const std::vector<std::byte> whole = ReadFile(path);

  std::vector<std::byte> damaged = whole;
  damaged.back() ^= std::byte{1};
  WriteRaw(path, damaged);
  EXPECT_THAT(ResumeError(path), AllOf(HasSubstr("metrics.h5: is damaged"), advice));
  WriteRaw(path, std::span(whole).first(whole.size() / 2));
  EXPECT_THAT(ResumeError(path), AllOf(HasSubstr("was cut off"), advice));
  WriteRaw(path, "");
  EXPECT_THAT(ResumeError(path), AllOf(HasSubstr("is empty"), advice));
}

TEST(ReadMetrics, RefusesFilesOfOtherKinds) {
  const TemporaryDirectory directory;
  WriteCheckpoint(directory / "a.h5", SmallCheckpoint());
  EXPECT_THAT(ErrorOf([&] { ReadMetrics(directory / "a.h5"); }),
              HasSubstr("is a Lockstep file of another kind, not a metrics file"));
  WriteRaw(directory / "b.h5", Hdf5Writer().Image());
  EXPECT_THAT(ErrorOf([&] { ReadMetrics(directory / "b.h5"); }),
              HasSubstr("is some other HDF5 file"));
}

}  // namespace
}  // namespace lockstep::storage
