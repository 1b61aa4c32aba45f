#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/download.h"
#include "trainer/data/mnist_files.h"

namespace lockstep {

// Where MNIST can be had; its original site no longer serves it reliably. Each holds the four files
// with ".gz".
inline constexpr std::array<std::string_view, 2> kMnistMirrors = {
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
};

struct FetchProgress {
  std::string_view url;
  int64_t received = 0;   // bytes
  int64_t announced = 0;  // bytes; 0 while not known
};

struct FetchOptions {
  std::filesystem::path directory;
  // Tried in this order, each for every file that the ones before did not deliver.
  std::vector<std::string> mirrors = {kMnistMirrors.begin(), kMnistMirrors.end()};
  std::span<const MnistFileFacts> files = kMnistFiles;
  DownloadOptions download = {};  // without its progress
  // Called now and then. What it throws, DataError apart, ends the fetching.
  std::function<void(const FetchProgress&)> progress = {};
};

struct FetchedFile {
  std::filesystem::path path;
  std::optional<std::string> url;  // none: the file was there already, and is the right one
};

// Puts the files, compressed, into the directory, which it creates. No file gets its name before
// its digests, compressed and not, are the right ones; a file that is there is never replaced.
// Throws DataError that says what failed with each mirror and how to place files by hand.
std::vector<FetchedFile> FetchMnist(const FetchOptions& options);

}  // namespace lockstep
