#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "trainer/data/digits.h"

namespace lockstep {

struct DigitFilesOptions {
  std::filesystem::path directory;
  int64_t train_samples = 60'000;
  int64_t test_samples = 10'000;
  DigitsOptions digits = {};
  bool replace = false;  // files that are there already
};

// What fits into a gzip file that is packed in one go.
inline constexpr int64_t kMostDigitsInAFile = 5'000'000;

// Draws digits and puts them into the directory, which it creates, as four compressed files with
// the names and the form of MNIST's; returns their paths. They hold what DrawDigits draws. Nothing
// is put there before all four are whole; a crash meanwhile leaves all of the old ones or too few
// files, never new images with old labels.
// Throws DataError when a file cannot be written, or one of MNIST's is there already: unless
// `replace` says that those of the names written may go. Those of other spellings, which would be
// found in place of the new ones, never do. REQUIRES 1 to kMostDigitsInAFile samples of each part.
std::vector<std::filesystem::path> WriteDigitFiles(const DigitFilesOptions& options);

}  // namespace lockstep
