#include "trainer/data/digit_files.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "trainer/base/check.h"
#include "trainer/base/error.h"
#include "trainer/data/idx.h"
#include "trainer/data/mnist_files.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

std::string PackedName(MnistFile file) { return std::string(FactsOf(file).name) + ".gz"; }

// Throws unless every file's name is free, or may be made so.
void CheckNames(const DigitFilesOptions& options) {
  for (size_t i = 0; i < kMnistFiles.size(); ++i) {
    const auto file = static_cast<MnistFile>(i);
    const fs::path found = FindMnistFile(options.directory, file);
    if (found.empty()) {
      continue;
    }
    if (found.filename() != PackedName(file)) {
      throw DataError(
          fmt::format("{}: is there already and would be read in place of {}; remove it, or choose "
                      "another directory",
                      found.string(), PackedName(file)));
    }
    if (!options.replace) {
      throw DataError(
          fmt::format("{}: is there already; choose another directory, or replace it with --force",
                      found.string()));
    }
  }
}

// A directory within another, deleted with what is left in it.
class StagingDirectory {
 public:
  explicit StagingDirectory(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) {
      throw DataError(
          fmt::format("{}: cannot be created: {}", directory.string(), error.message()));
    }
    std::string name = directory / ".digits-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
      throw DataError(fmt::format("{}: cannot be written to: {}", directory.string(),
                                  std::generic_category().message(errno)));
    }
    path_ = name;
  }
  ~StagingDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  StagingDirectory(const StagingDirectory&) = delete;
  StagingDirectory& operator=(const StagingDirectory&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Draws a part and writes its two files.
void WritePart(const DigitsOptions& options, DatasetPart part, int64_t samples,
               const fs::path& directory) {
  const bool train = part == DatasetPart::kTrain;
  const LoadedDataset digits = DrawDigits(options, part, samples);
  WriteIdx(directory / PackedName(train ? MnistFile::kTrainImages : MnistFile::kTestImages),
           std::array{samples, int64_t{kDigitShape.height}, int64_t{kDigitShape.width}},
           std::get<std::vector<uint8_t>>(digits.pixels));
  WriteIdx(directory / PackedName(train ? MnistFile::kTrainLabels : MnistFile::kTestLabels),
           std::array{samples}, std::vector<uint8_t>(digits.labels.begin(), digits.labels.end()));
}

// Old files go first: images and labels of different sets must never lie side by side.
std::vector<fs::path> MoveInto(const fs::path& directory, const fs::path& staging) try {
  std::vector<fs::path> paths;
  for (size_t i = 0; i < kMnistFiles.size(); ++i) {
    paths.push_back(directory / PackedName(static_cast<MnistFile>(i)));
    fs::remove(paths.back());
  }
  for (const fs::path& path : paths) {
    fs::rename(staging / path.filename(), path);
  }
  return paths;
} catch (const fs::filesystem_error& error) {
  throw DataError(
      fmt::format("{}: cannot be replaced: {}", error.path1().string(), error.code().message()));
}

}  // namespace

std::vector<fs::path> WriteDigitFiles(const DigitFilesOptions& options) {
  for (const int64_t samples : {options.train_samples, options.test_samples}) {
    CHECK_GE(samples, 1);
    CHECK_LE(samples, kMostDigitsInAFile);
  }
  CheckNames(options);
  const StagingDirectory staging(options.directory);
  WritePart(options.digits, DatasetPart::kTrain, options.train_samples, staging.path());
  WritePart(options.digits, DatasetPart::kTest, options.test_samples, staging.path());
  CheckNames(options);  // that took a while
  return MoveInto(options.directory, staging.path());
}

}  // namespace lockstep
