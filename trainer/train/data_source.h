#pragma once

#include <filesystem>

#include "trainer/config/data.pb.h"
#include "trainer/data/dataset.h"
#include "trainer/tensor/shape.h"

namespace lockstep {

// Loads a part of the data that a validated message names. `directory`: what --data-dir says, or
// empty. Throws DataError or storage::Error.
LoadedDataset LoadSource(const v1::Data& data, DatasetPart part,
                         const std::filesystem::path& directory);

// What a network must take and give.
struct SampleKind {
  Shape shape;
  int classes = 0;
};

// The kind of the samples that the message names. Reads the files only where they decide it.
SampleKind DescribeSource(const v1::Data& data, const std::filesystem::path& directory);

}  // namespace lockstep
