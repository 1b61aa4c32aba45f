#include "trainer/data/mnist_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "trainer/base/error.h"

namespace lockstep {
namespace {

// In the order of kMnistFiles.
constexpr std::array<std::string_view, 4> kFashionMnistSha256 = {
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
};

// None of the files: none. Some of them: throws.
std::optional<MnistPaths> FindIn(const std::filesystem::path& directory) {
  MnistPaths found;
  std::vector<std::string_view> missing;
  for (size_t file = 0; file < kMnistFiles.size(); ++file) {
    found.paths[file] = FindMnistFile(directory, static_cast<MnistFile>(file));
    if (found.paths[file].empty()) {
      missing.push_back(kMnistFiles[file].name);
    }
  }
  if (missing.size() == kMnistFiles.size()) {
    return std::nullopt;
  }
  if (!missing.empty()) {
    throw DataError(
        fmt::format("{}: has a part of MNIST, but not {} (nor with .gz); get the rest with:\n"
                    "  lockstep data fetch --dir {}",
                    directory.string(), fmt::join(missing, ", "), directory.string()));
  }
  return found;
}

}  // namespace

std::optional<std::string_view> IdentifyMnistFile(std::string_view sha256) {
  if (std::ranges::find(kMnistFiles, sha256, &MnistFileFacts::sha256) != kMnistFiles.end()) {
    return "MNIST";
  }
  if (std::ranges::find(kFashionMnistSha256, sha256) != kFashionMnistSha256.end()) {
    return "Fashion-MNIST";
  }
  return std::nullopt;
}

std::filesystem::path FindMnistFile(const std::filesystem::path& directory, MnistFile file) {
  const std::string name(FactsOf(file).name);
  std::string dotted = name;
  dotted[dotted.rfind("-idx")] = '.';
  for (const std::string& spelling : {name, dotted}) {
    for (const char* suffix : {"", ".gz"}) {
      std::filesystem::path path = directory / (spelling + suffix);
      std::error_code ignored;
      if (std::filesystem::is_regular_file(path, ignored)) {
        return path;
      }
    }
  }
  return {};
}

MnistPaths FindMnist(std::span<const std::filesystem::path> directories) {
  if (directories.empty()) {
    throw DataError("MNIST: no directory to look in; give --data-dir DIR or set LOCKSTEP_DATA=DIR");
  }
  std::string tried;
  for (const std::filesystem::path& directory : directories) {
    for (const std::filesystem::path& place : {directory, directory / "MNIST" / "raw"}) {
      if (const auto found = FindIn(place)) {
        return *found;
      }
      tried += fmt::format("  {}\n", place.string());
    }
  }
  throw DataError(
      fmt::format("MNIST was not found: no {} (nor with .gz) in\n{}fetch it with:\n"
                  "  lockstep data fetch --dir {}\nor train on drawn digits, which need no files: "
                  "data {{ digits {{}} }} in the job file",
                  FactsOf(MnistFile::kTrainImages).name, tried, directories.front().string()));
}

}  // namespace lockstep
