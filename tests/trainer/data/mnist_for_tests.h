#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/idx.h"
#include "trainer/data/mnist_files.h"

namespace lockstep {

// Tests that need the true MNIST, in $LOCKSTEP_DATA. They are skipped where that is not set, but
// fail in continuous integration (CI=true), so that nobody believes that they have run there.
class RealMnistTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* directory = std::getenv("LOCKSTEP_DATA"); directory != nullptr) {
      paths_ = FindMnist(std::array{std::filesystem::path(directory)});
      return;
    }
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") {
      FAIL() << "LOCKSTEP_DATA must name the directory that holds MNIST when CI=true";
    }
    GTEST_SKIP() << "set LOCKSTEP_DATA to the directory that holds MNIST";
  }

  MnistPaths paths_;
};

// Writes files of MNIST's form, not of its content: `samples` images, labels 0, 1, .. 9, 0, ..
// for training, half as many for testing. `suffix` is "" or ".gz".
inline void WriteFakeMnist(const std::filesystem::path& directory, int64_t samples,
                           std::string_view suffix = "") {
  for (size_t file = 0; file < kMnistFiles.size(); file += 2) {
    const int64_t count = file == 0 ? samples : samples / 2;
    std::vector<uint8_t> pixels(static_cast<size_t>(count * 28 * 28));
    std::vector<uint8_t> labels(static_cast<size_t>(count));
    for (size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<uint8_t>(i / 784 + i % 784 * 7);
    }
    for (size_t i = 0; i < labels.size(); ++i) {
      labels[i] = static_cast<uint8_t>(i % 10);
    }
    const auto path = [&](size_t index) {
      return directory / (std::string(kMnistFiles[index].name) + std::string(suffix));
    };
    WriteIdx(path(file), std::array<int64_t, 3>{count, 28, 28}, pixels);
    WriteIdx(path(file + 1), std::array<int64_t, 1>{count}, labels);
  }
}

}  // namespace lockstep
