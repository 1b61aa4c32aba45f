#include "trainer/train/data_source.h"

#include <spdlog/spdlog.h>

#include <cstdlib>

#include "trainer/base/check.h"
#include "trainer/data/digits.h"
#include "trainer/data/hdf5_source.h"
#include "trainer/data/mnist.h"
#include "trainer/data/search_path.h"

namespace lockstep {
namespace {

// Says so when the files were not in the directory that the command line names: the search goes on
// behind it, and a slip of the pen must not pass unseen.
void WarnIfElsewhere(const MnistPaths& paths, const std::filesystem::path& directory) {
  const std::filesystem::path found = paths[MnistFile::kTrainImages].parent_path();
  const auto is_found = [&](const std::filesystem::path& place) {
    std::error_code not_there;
    return std::filesystem::equivalent(found, place, not_there);
  };
  if (!directory.empty() && !is_found(directory) && !is_found(directory / "MNIST" / "raw")) {
    spdlog::warn("warning: --data-dir {} does not hold MNIST's files; taking those in {}",
                 directory.string(), found.string());
  }
}

LoadedDataset LoadIdx(const v1::Mnist& mnist, DatasetPart part,
                      const std::filesystem::path& directory) {
  const MnistPaths paths = FindMnist(SearchPath({.command_line = directory.string(),
                                                 .job_file = mnist.directory(),
                                                 .environment = std::getenv}));
  if (part == DatasetPart::kTrain) {
    WarnIfElsewhere(paths, directory);
  }
  return LoadMnist(
      paths, part,
      mnist.digest() == v1::Mnist::IGNORED ? IdxDigest::kAny : IdxDigest::kRequireMnist);
}

LoadedDataset LoadUserFile(const v1::Hdf5& source, DatasetPart part) {
  Hdf5SourceOptions options{.images = source.images(), .labels = source.labels()};
  if (source.has_classes()) {
    options.classes = source.classes();
  }
  if (part == DatasetPart::kTrain) {
    return LoadHdf5(source.train_file(), options);
  }
  if (!options.classes) {
    // The labels of the training set say how many classes there are.
    options.classes = LoadHdf5(source.train_file(), options).classes;
  }
  return LoadHdf5(source.test_file(), options);
}

}  // namespace

LoadedDataset LoadSource(const v1::Data& data, DatasetPart part,
                         const std::filesystem::path& directory) {
  switch (data.source_case()) {
    case v1::Data::kMnist:
      return LoadIdx(data.mnist(), part, directory);
    case v1::Data::kDigits: {
      const v1::Digits& digits = data.digits();
      return DrawDigits(
          {.seed = digits.seed(), .noise = digits.noise()}, part,
          part == DatasetPart::kTrain ? digits.train_samples() : digits.test_samples());
    }
    case v1::Data::kHdf5:
      return LoadUserFile(data.hdf5(), part);
    case v1::Data::SOURCE_NOT_SET:
      break;
  }
  CHECK(!"validation lets no job without a data source pass");
  return {};
}

SampleKind DescribeSource(const v1::Data& data, const std::filesystem::path& directory) {
  if (data.has_hdf5()) {
    const LoadedDataset test = LoadSource(data, DatasetPart::kTest, directory);
    return {.shape = {test.shape.channels, test.shape.height, test.shape.width},
            .classes = test.classes};
  }
  return {.shape = {.channels = 1, .height = 28, .width = 28}, .classes = 10};
}

}  // namespace lockstep
