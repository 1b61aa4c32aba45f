#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace lockstep::storage {

// Images and their labels, as a user's HDF5 file holds them.
struct ImageArrays {
  std::array<int64_t, 4> dims = {};  // images, channels, height, width: all positive
  std::variant<std::vector<uint8_t>, std::vector<float>> pixels;  // row-major, in the file's scale
  std::vector<int64_t> labels;                                    // one an image, any integer
};

// Reads the datasets `images_name` and `labels_name` of the HDF5 file at `path`. Images are
// (count, channels, height, width), or (count, height, width) with one channel, of 8-bit unsigned
// integers or of 32- or 64-bit floats; labels are (count) integers. Throws Error that says what is
// there and what should be, and before allocating more than the file can fill.
ImageArrays ReadImages(const std::filesystem::path& path, const std::string& images_name,
                       const std::string& labels_name);

}  // namespace lockstep::storage
