#pragma once

#include <cstdint>
#include <span>

#include "trainer/data/dataset.h"

namespace lockstep {

struct DigitsOptions {
  uint64_t seed = 1;   // apart from the job's seed, so that jobs with other seeds see the same data
  double noise = 0.1;  // standard deviation of each pixel's noise, where ink is 1
};

inline constexpr ImageShape kDigitShape = {.channels = 1, .height = 28, .width = 28};

// Draws one handwritten-looking digit, white on black as in MNIST, and returns its label, 0 to 9.
// The image is a pure function of the arguments and the same on every machine; the training and
// the test part have no sample in common. Thread-safe. REQUIRES pixels.size() == 784.
int32_t DrawDigit(const DigitsOptions& options, DatasetPart part, uint32_t sample,
                  std::span<uint8_t> pixels);

// Samples 0 .. samples-1, so that a smaller set is the beginning of a larger one.
LoadedDataset DrawDigits(const DigitsOptions& options, DatasetPart part, int64_t samples);

}  // namespace lockstep
