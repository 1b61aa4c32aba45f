#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "storage/atomic_file.h"
#include "storage/checkpoint.h"
#include "storage/error.h"

namespace lockstep::storage {

// A new, empty directory that is deleted with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("mkdtemp failed");
    }
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Writes without any care, as a test fixture.
inline void WriteRaw(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

inline void WriteRaw(const std::filesystem::path& path, std::string_view text) {
  WriteRaw(path, std::as_bytes(std::span(text)));
}

inline std::string ReadText(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = ReadFile(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The names of the files in a directory, sorted.
inline std::vector<std::string> FileNames(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The message of the Error that `function` throws; fails the test if it throws none.
template <typename Function>
std::string ErrorOf(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no storage::Error was thrown";
  return "";
}

// A small one of every kind of content.
inline Checkpoint SmallCheckpoint(int64_t step = 1200) {
  Checkpoint checkpoint;
  checkpoint.parameters["conv1.weight"] = {.dims = {2, 1, 1, 3},
                                           .values = {1.5F, -0.0F, 3, 4e-42F, 5, -6}};
  checkpoint.parameters["conv1.bias"] = {.dims = {2}, .values = {0.25F, -0.5F}};
  checkpoint.counts["norm.num_batches_tracked"] = step;
  checkpoint.buffers["norm.mean"] = {.dims = {3}, .values = {1, 2, 3}};
  checkpoint.buffers["empty"] = {.dims = {0, 4}, .values = {}};
  checkpoint.buffers["scalar"] = {.dims = {}, .values = {42}};
  checkpoint.optimizer["momentum"] = checkpoint.parameters;
  checkpoint.optimizer["nothing"] = {};
  checkpoint.state = {{"step", step}, {"best", 0.987}, {"note", "größer"}, {"none", ""}};
  checkpoint.job = "name: \"lenet\"\nseed: 1\n";
  checkpoint.build = {{"cpu", "x86"}, {"blas", "OpenBLAS 0.3.21"}};
  return checkpoint;
}

}  // namespace lockstep::storage
