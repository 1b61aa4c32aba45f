#include "trainer/data/hdf5_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "storage/error.h"
#include "storage/image_file.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

constexpr int64_t kMostClasses = int64_t{1} << 24;

storage::ImageArrays ReadArrays(const std::filesystem::path& path,
                                const Hdf5SourceOptions& options) try {
  return storage::ReadImages(path, options.images, options.labels);
} catch (const storage::Error& error) {
  throw DataError(error.what());
}

void CheckDims(const storage::ImageArrays& arrays, const std::string& place) {
  const bool fits = arrays.dims[0] <= std::numeric_limits<uint32_t>::max() &&
                    std::all_of(arrays.dims.begin() + 1, arrays.dims.end(), [](int64_t dim) {
                      return dim <= std::numeric_limits<int32_t>::max();
                    });
  if (!fits) {
    throw DataError(
        fmt::format("{}: has shape ({}), which is too large", place, fmt::join(arrays.dims, ", ")));
  }
}

// (sample, channel, pixel) to (sample, pixel, channel).
template <typename T>
std::vector<T> ChannelsLast(std::vector<T> pixels, const ImageShape& shape) {
  if (shape.channels == 1) {
    return pixels;
  }
  const auto channels = static_cast<size_t>(shape.channels);
  const size_t plane = static_cast<size_t>(shape.size()) / channels;
  std::vector<T> turned(pixels.size());
  for (size_t image = 0; image < pixels.size(); image += channels * plane) {
    for (size_t channel = 0; channel < channels; ++channel) {
      for (size_t i = 0; i < plane; ++i) {
        turned[image + i * channels + channel] = pixels[image + channel * plane + i];
      }
    }
  }
  return turned;
}

void CheckFinite(std::span<const float> pixels, int64_t image_size, const std::string& place) {
  const auto bad =
      std::ranges::find_if_not(pixels, [](float pixel) { return std::isfinite(pixel); });
  if (bad != pixels.end()) {
    throw DataError(fmt::format("{}: image {} holds a pixel that is {}, expected a finite number",
                                place, (bad - pixels.begin()) / image_size, *bad));
  }
}

int CountClasses(std::span<const int64_t> labels, const Hdf5SourceOptions& options,
                 const std::string& place) {
  const int64_t largest = *std::ranges::max_element(labels);
  const int64_t classes =
      options.classes.value_or(std::clamp<int64_t>(largest, 0, kMostClasses - 1) + 1);
  if (classes < 2) {
    throw DataError(fmt::format("{}: no label is above 0; expected two classes at least", place));
  }
  for (size_t sample = 0; sample < labels.size(); ++sample) {
    if (labels[sample] < 0 || labels[sample] >= classes) {
      throw DataError(fmt::format("{}: the label of sample {} is {}, expected 0 to {}", place,
                                  sample, labels[sample], classes - 1));
    }
  }
  return static_cast<int>(classes);
}

}  // namespace

LoadedDataset LoadHdf5(const std::filesystem::path& path, const Hdf5SourceOptions& options) {
  storage::ImageArrays arrays = ReadArrays(path, options);
  const std::string images_place = fmt::format("{}: {}", path.string(), options.images);
  CheckDims(arrays, images_place);
  LoadedDataset loaded{.content = "HDF5",
                       .shape = {.channels = static_cast<int>(arrays.dims[1]),
                                 .height = static_cast<int>(arrays.dims[2]),
                                 .width = static_cast<int>(arrays.dims[3])}};
  loaded.classes =
      CountClasses(arrays.labels, options, fmt::format("{}: {}", path.string(), options.labels));
  loaded.labels.assign(arrays.labels.begin(), arrays.labels.end());
  if (auto* floats = std::get_if<std::vector<float>>(&arrays.pixels)) {
    CheckFinite(*floats, loaded.shape.size(), images_place);
    loaded.pixels = ChannelsLast(std::move(*floats), loaded.shape);
  } else {
    loaded.pixels =
        ChannelsLast(std::get<std::vector<uint8_t>>(std::move(arrays.pixels)), loaded.shape);
  }
  return loaded;
}

}  // namespace lockstep
