#include "storage/metrics_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "storage/error.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/sealed_file.h"

namespace lockstep::storage {
namespace {

constexpr std::string_view kRemedy =
    "move the file away to go on without the metrics recorded so far: nothing else depends on it";
constexpr SealFormat kMetricsFormat = {
    .what = "metrics", .tag = "MET", .version = 1, .remedy = kRemedy};

std::string ColumnsText(const Table& table) {
  std::string text;
  for (const Column& column : table.columns()) {
    constexpr std::string_view kTypes[] = {"integer", "double", "string"};
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", column.name,
                        kTypes[static_cast<size_t>(column.type)]);
  }
  return text;
}

}  // namespace

void WriteMetrics(const std::filesystem::path& path, const Metrics& metrics,
                  const WriteOptions& options) {
  Hdf5Writer writer(kSealBytes);
  writer.MakeGroup("/metrics");
  for (const auto& [series, table] : metrics) {
    writer.WriteTable("/metrics/" + series, table.columns(), table.rows());
  }
  std::vector<std::byte> file = writer.Image();
  Seal(file, kMetricsFormat);
  WriteFileAtomically(path, file, options);
}

Metrics ReadMetrics(const std::filesystem::path& path) {
  const std::vector<std::byte> file = ReadSealedFile(path, kMetricsFormat);
  const Hdf5Reader reader = Hdf5Reader::OpenImage(file, path.string());
  Metrics metrics;
  for (const std::string& series : reader.Children("/metrics")) {
    TableRows table = reader.ReadTable("/metrics/" + series);
    metrics.emplace(series, Table(std::move(table.columns), std::move(table.rows)));
  }
  return metrics;
}

Metrics ResumeMetrics(const std::filesystem::path& path, const Metrics& expected, int64_t step) {
  std::error_code error;
  if (std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found) {
    return expected;
  }
  Metrics metrics = ReadMetrics(path);
  for (const auto& [series, table] : expected) {
    const auto found = metrics.find(series);
    if (found == metrics.end()) {
      throw Error(fmt::format("{}: series {} is missing; {}", path.string(), series, kRemedy));
    }
    if (found->second.columns() != table.columns()) {
      throw Error(fmt::format("{}: series {} has the columns {}; this run records {}; {}",
                              path.string(), series, ColumnsText(found->second), ColumnsText(table),
                              kRemedy));
    }
    found->second.DropRowsAfter("step", step);
  }
  if (metrics.size() != expected.size()) {
    throw Error(fmt::format("{}: has {} series, this run records {}; {}", path.string(),
                            metrics.size(), expected.size(), kRemedy));
  }
  return metrics;
}

}  // namespace lockstep::storage
