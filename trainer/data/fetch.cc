#include "trainer/data/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/sha256.h"
#include "trainer/base/error.h"
#include "trainer/data/data_file.h"
#include "trainer/data/gzip.h"
#include "trainer/data/idx.h"

namespace lockstep {
namespace {

class Fetcher {
 public:
  explicit Fetcher(const FetchOptions& options) : options_(options), mirrors_(options.mirrors) {}

  FetchedFile Fetch(const MnistFileFacts& file) {
    if (const auto present = FindPresent(file)) {
      return {.path = *present, .url = std::nullopt};
    }
    std::string failures;
    for (auto mirror = mirrors_.begin(); mirror != mirrors_.end(); ++mirror) {
      const std::string url = UrlOf(*mirror, file);
      if (const auto packed = Download(url, file, &failures)) {
        // The mirror that works goes first from now on: the others may take their time to fail.
        std::rotate(mirrors_.begin(), mirror, mirror + 1);
        std::filesystem::path path = options_.directory / (std::string(file.name) + ".gz");
        WriteDataFile(path, *packed);
        return {.path = std::move(path), .url = url};
      }
    }
    throw DataError(Explain(failures));
  }

 private:
  // The right file, plain or compressed, if one is in the directory. Throws if one is there but is
  // not right: it may be somebody's other data set.
  std::optional<std::filesystem::path> FindPresent(const MnistFileFacts& file) const {
    for (const char* suffix : {"", ".gz"}) {
      const std::filesystem::path path = options_.directory / (std::string(file.name) + suffix);
      if (std::filesystem::exists(path)) {
        CheckPresent(path, file);
        return path;
      }
    }
    return std::nullopt;
  }

  static void CheckPresent(const std::filesystem::path& path, const MnistFileFacts& file) try {
    CheckDigest(ReadIdx(path).bytes, file.sha256, path.string());
  } catch (const DataError& error) {
    throw DataError(fmt::format(
        "{} is there already, but is not the file to be fetched; remove it or fetch into another "
        "directory:\n  {}",
        path.string(), error.what()));
  }

  static std::string UrlOf(const std::string& mirror, const MnistFileFacts& file) {
    return fmt::format("{}{}{}.gz", mirror, mirror.ends_with('/') ? "" : "/", file.name);
  }

  // None, and a line more in `failures`, when this mirror does not deliver the right file.
  std::optional<std::vector<std::byte>> Download(const std::string& url, const MnistFileFacts& file,
                                                 std::string* failures) const try {
    DownloadOptions download = options_.download;
    if (options_.progress) {
      download.progress = [&](int64_t received, int64_t announced) {
        options_.progress({.url = url, .received = received, .announced = announced});
      };
    }
    std::vector<std::byte> packed = lockstep::Download(url, download);
    CheckDigest(packed, file.gzip_sha256, url);
    CheckDigest(Gunzip(packed, LargestUnpackedSize(packed.size()), url), file.sha256,
                url + " (uncompressed)");
    return packed;
  } catch (const DataError& error) {
    *failures += fmt::format("  {}\n", error.what());
    return std::nullopt;
  }

  static void CheckDigest(std::span<const std::byte> bytes, std::string_view expected,
                          const std::string& place) {
    const std::string sha256 = storage::Sha256Hex(bytes);
    if (sha256 != expected) {
      throw DataError(fmt::format("{}: the SHA-256 of {} bytes is {}, expected {}", place,
                                  bytes.size(), sha256, expected));
    }
  }

  std::string Explain(const std::string& failures) const {
    std::string text = fmt::format("MNIST could not be fetched into {}:\n{}",
                                   options_.directory.string(), failures);
    text += "without a network, copy these files there from a machine that has one:\n";
    for (const MnistFileFacts& file : options_.files) {
      text += fmt::format("  {}.gz  SHA-256 {}\n", file.name, file.gzip_sha256);
    }
    return text + fmt::format("then check them with:\n  lockstep data verify --dir {}",
                              options_.directory.string());
  }

  const FetchOptions& options_;
  std::vector<std::string> mirrors_;
};

}  // namespace

std::vector<FetchedFile> FetchMnist(const FetchOptions& options) {
  Fetcher fetcher(options);
  std::vector<FetchedFile> fetched;
  for (const MnistFileFacts& file : options.files) {
    fetched.push_back(fetcher.Fetch(file));
  }
  return fetched;
}

}  // namespace lockstep
