#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "trainer/data/dataset.h"

namespace lockstep {

// `samples` images of 2 channels, 2 x 3 pixels, 4 classes. Every stored value differs from its
// neighbours, and the label of sample i is i % 4.
inline LoadedDataset SmallUint8Dataset(int samples) {
  LoadedDataset loaded{
      .content = "small", .shape = {.channels = 2, .height = 2, .width = 3}, .classes = 4};
  std::vector<uint8_t> pixels(static_cast<size_t>(samples) * 12);
  std::iota(pixels.begin(), pixels.end(), uint8_t{0});
  loaded.pixels = std::move(pixels);
  for (int i = 0; i < samples; ++i) {
    loaded.labels.push_back(i % 4);
  }
  return loaded;
}

// The same with the same values stored as floats.
inline LoadedDataset SmallFloat32Dataset(int samples) {
  LoadedDataset loaded = SmallUint8Dataset(samples);
  const auto& bytes = std::get<std::vector<uint8_t>>(loaded.pixels);
  loaded.pixels = std::vector<float>(bytes.begin(), bytes.end());
  return loaded;
}

}  // namespace lockstep
