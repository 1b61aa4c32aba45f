// The C++ side of the tests in Python.
//   storage_fixture write DIR     writes a checkpoint and a metrics file, prints WeightsSha256
//   storage_fixture images FILE   prints what ReadImages(FILE, "images", "labels") gives or throws

#include <cstdio>
#include <limits>
#include <numeric>

#include "storage/checkpoint.h"
#include "storage/image_file.h"
#include "storage/metrics_file.h"
#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

Metrics SomeMetrics() {
  Metrics metrics;
  Table train({{.name = "step", .type = ColumnType::kInt64},
               {.name = "loss", .type = ColumnType::kDouble},
               {.name = "host", .type = ColumnType::kString, .width = 8}});
  for (int64_t step = 1; step <= 5000; ++step) {
    const std::vector<Cell> row = {step, 1.0 / static_cast<double>(step),
                                   "node" + std::to_string(step % 3)};
    train.AppendRow(row);
  }
  const std::vector<Cell> last = {int64_t{5001}, std::numeric_limits<double>::quiet_NaN(),
                                  std::string()};
  train.AppendRow(last);
  metrics.emplace("train", std::move(train));
  metrics.emplace("eval", Table({{.name = "step", .type = ColumnType::kInt64},
                                 {.name = "accuracy", .type = ColumnType::kDouble}}));
  return metrics;
}

void Write(const std::filesystem::path& directory) {
  WriteCheckpoint(directory / "checkpoint.h5", SmallCheckpoint());
  WriteMetrics(directory / "metrics.h5", SomeMetrics());
  std::puts(WeightsSha256(SmallCheckpoint()).c_str());
}

void Images(const std::filesystem::path& path) {
  try {
    const ImageArrays arrays = ReadImages(path, "images", "labels");
    std::visit(
        [&](const auto& pixels) {
          const double sum = std::accumulate(pixels.begin(), pixels.end(), 0.0);
          std::printf("%zu bytes a pixel, sum %.17g", sizeof(pixels[0]), sum);
        },
        arrays.pixels);
    for (const int64_t label : arrays.labels) {
      std::printf(" %ld", label);
    }
    std::puts("");
  } catch (const Error& error) {
    std::puts(error.what());
  }
}

}  // namespace
}  // namespace lockstep::storage

int main(int argc, char** argv) {
  const std::string command = argc == 3 ? argv[1] : "";
  if (command == "write") {
    lockstep::storage::Write(argv[2]);
  } else if (command == "images") {
    lockstep::storage::Images(argv[2]);
  } else {
    return 2;
  }
  return 0;
}
