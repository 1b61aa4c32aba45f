#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lockstep {

// The four files of MNIST, in this order wherever all four are listed.
enum class MnistFile : size_t { kTrainImages, kTrainLabels, kTestImages, kTestLabels };

struct MnistFileFacts {
  std::string_view name;         // uncompressed; ".gz" is added to the compressed file's
  std::string_view sha256;       // of the uncompressed file
  std::string_view gzip_sha256;  // of the compressed file as it has always been distributed
};

inline constexpr std::array<MnistFileFacts, 4> kMnistFiles = {{
    {"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
     "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
    {"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
     "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
    {"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
     "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    {"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
     "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
}};

constexpr const MnistFileFacts& FactsOf(MnistFile file) {
  return kMnistFiles[static_cast<size_t>(file)];
}

// The data set that the uncompressed file with this SHA-256 belongs to, as far as it is known here:
// "MNIST", "Fashion-MNIST". Others use the same file names.
std::optional<std::string_view> IdentifyMnistFile(std::string_view sha256);

// Where the four files are: all in one directory.
struct MnistPaths {
  std::array<std::filesystem::path, 4> paths;

  const std::filesystem::path& operator[](MnistFile file) const {
    return paths[static_cast<size_t>(file)];
  }
};

// The file in `directory`, plain or ".gz", also spelled "train-images.idx3-ubyte"; the one that
// FindMnist takes where there are several. Empty: there is none.
std::filesystem::path FindMnistFile(const std::filesystem::path& directory, MnistFile file);

// Looks for the four files in each directory and its MNIST/raw/ (torchvision's layout). The first
// place that has one of them must have all. Throws DataError that lists every place looked in and
// the command that fetches the files.
MnistPaths FindMnist(std::span<const std::filesystem::path> directories);

}  // namespace lockstep
