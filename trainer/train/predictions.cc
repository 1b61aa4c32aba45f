#include "trainer/train/predictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/metrics_file.h"
#include "trainer/base/check.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

using storage::Cell;
using storage::Column;
using storage::ColumnType;

storage::Table EmptyTable(int classes) {
  std::vector<Column> columns;
  for (const char* name : {"sample", "label", "answer"}) {
    columns.push_back({.name = name, .type = ColumnType::kInt64});
  }
  for (int k = 0; k < classes; ++k) {
    columns.push_back({.name = fmt::format("score_{}", k), .type = ColumnType::kDouble});
  }
  return storage::Table(std::move(columns));
}

}  // namespace

int32_t Answer(std::span<const double> scores) {
  CHECK(!scores.empty());
  return static_cast<int32_t>(std::ranges::max_element(scores) - scores.begin());
}

void CheckPredictable(int classes) {
  if (classes > kMostPredictedClasses) {
    throw ConfigError(
        fmt::format("predictions cannot be written: a table of {} classes would have a column for "
                    "each, and at most {} are possible",
                    classes, kMostPredictedClasses));
  }
}

void WritePredictions(const std::filesystem::path& path, const Predictions& predictions) {
  storage::Table table = EmptyTable(predictions.classes);
  std::vector<Cell> row;
  for (size_t i = 0; i < predictions.samples.size(); ++i) {
    const std::span<const double> scores = predictions.ScoresOf(i);
    row.assign(
        {int64_t{predictions.samples[i]}, int64_t{predictions.labels[i]}, int64_t{Answer(scores)}});
    row.insert(row.end(), scores.begin(), scores.end());
    table.AppendRow(row);
  }
  storage::Metrics file;
  file.emplace("predictions", std::move(table));
  storage::WriteMetrics(path, file);
}

}  // namespace lockstep
