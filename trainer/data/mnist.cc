#include "trainer/data/mnist.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "storage/sha256.h"
#include "trainer/base/error.h"
#include "trainer/data/data_file.h"
#include "trainer/data/idx.h"

namespace lockstep {
namespace {

constexpr int kSide = 28;
constexpr int kClasses = 10;

struct IdentifiedIdx {
  IdxArray array;
  std::optional<std::string_view> dataset;  // that it belongs to, if known
};

std::string FetchRemedy(const std::filesystem::path& path) {
  return fmt::format("remove it and get MNIST's with:\n  lockstep data fetch --dir {}",
                     path.has_parent_path() ? path.parent_path().string() : ".");
}

// What would help with a file that is there, but not whole, comes last in the message.
IdxArray ReadWhole(const std::filesystem::path& path, IdxDigest digest) {
  const std::vector<std::byte> file = ReadDataFile(path);
  try {
    return ParseIdx(file, path.string());
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}; {}", error.what(),
                                digest == IdxDigest::kRequireMnist
                                    ? FetchRemedy(path)
                                    : "put a whole copy in its place, or make it again"));
  }
}

IdentifiedIdx ReadIdentified(const MnistPaths& paths, MnistFile file, IdxDigest digest) {
  const std::filesystem::path& path = paths[file];
  IdxArray array = ReadWhole(path, digest);
  const std::string sha256 = storage::Sha256Hex(array.bytes);
  const std::optional<std::string_view> dataset = IdentifyMnistFile(sha256);
  if (digest == IdxDigest::kRequireMnist && sha256 != FactsOf(file).sha256) {
    throw DataError(fmt::format(
        "{}: is not MNIST's {}{}: the SHA-256 of its uncompressed bytes is {}, expected {}; to "
        "train on other files of this form, set data.mnist.digest to IGNORED; otherwise {}",
        path.string(), FactsOf(file).name,
        dataset ? fmt::format(" but a file of {}", *dataset) : std::string(), sha256,
        FactsOf(file).sha256, FetchRemedy(path)));
  }
  return {std::move(array), dataset};
}

void CheckImages(const IdxArray& images, const std::filesystem::path& path) {
  if (images.dims.size() != 3 || images.dims[1] != kSide || images.dims[2] != kSide) {
    throw DataError(fmt::format(
        "{}: holds an array of {}, expected N x {} x {}; images of other sizes can come from "
        "data.hdf5",
        path.string(), fmt::join(images.dims, " x "), kSide, kSide));
  }
}

void CheckLabels(const IdxArray& labels, const std::filesystem::path& path) {
  if (labels.dims.size() != 1) {
    throw DataError(fmt::format(
        "{}: holds an array of {}, expected one dimension; a file of labels belongs here",
        path.string(), fmt::join(labels.dims, " x ")));
  }
  const std::span<const uint8_t> values = labels.values();
  for (size_t sample = 0; sample < values.size(); ++sample) {
    if (values[sample] >= kClasses) {
      throw DataError(
          fmt::format("{}: the label of sample {} is {}, expected 0 to {}; data with more "
                      "classes can come from data.hdf5",
                      path.string(), sample, values[sample], kClasses - 1));
    }
  }
}

}  // namespace

LoadedDataset LoadMnist(const MnistPaths& paths, DatasetPart part, IdxDigest digest) {
  const bool train = part == DatasetPart::kTrain;
  const MnistFile images_file = train ? MnistFile::kTrainImages : MnistFile::kTestImages;
  const MnistFile labels_file = train ? MnistFile::kTrainLabels : MnistFile::kTestLabels;
  const IdentifiedIdx images = ReadIdentified(paths, images_file, digest);
  const IdentifiedIdx labels = ReadIdentified(paths, labels_file, digest);
  CheckImages(images.array, paths[images_file]);
  CheckLabels(labels.array, paths[labels_file]);
  if (images.array.dims[0] != labels.array.dims[0]) {
    throw DataError(fmt::format(
        "{} holds {} images, but {} holds {} labels; give two files that belong together",
        paths[images_file].string(), images.array.dims[0], paths[labels_file].string(),
        labels.array.dims[0]));
  }
  const bool known = images.dataset && images.dataset == labels.dataset;
  const std::span<const uint8_t> pixels = images.array.values();
  const std::span<const uint8_t> values = labels.array.values();
  return {.content = std::string(known ? *images.dataset : "IDX files"),
          .shape = {.channels = 1, .height = kSide, .width = kSide},
          .classes = kClasses,
          .pixels = std::vector<uint8_t>(pixels.begin(), pixels.end()),
          .labels = {values.begin(), values.end()}};
}

}  // namespace lockstep
