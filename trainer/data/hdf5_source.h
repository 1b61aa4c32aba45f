#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "trainer/data/dataset.h"

namespace lockstep {

struct Hdf5SourceOptions {
  std::string images = "images";  // names of the datasets in the file
  std::string labels = "labels";
  std::optional<int> classes = {};  // none: one more than the largest label
};

// Reads images (N, C, H, W or N, H, W; uint8 or floats) and labels from a user's HDF5 file. Float
// pixels keep the file's scale. A test set must be given the training set's number of classes.
// Throws DataError that names file and sample when something is missing, damaged or out of range.
LoadedDataset LoadHdf5(const std::filesystem::path& path, const Hdf5SourceOptions& options);

}  // namespace lockstep
