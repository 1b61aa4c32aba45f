#pragma once

#include "trainer/data/dataset.h"
#include "trainer/data/mnist_files.h"

namespace lockstep {

// Fashion-MNIST and others come under the very file names of MNIST, so names prove nothing.
enum class IdxDigest {
  kRequireMnist,  // the SHA-256 of the uncompressed files must be those of MNIST
  kAny,           // any files of the same form will do
};

// Reads images and labels: 28 x 28, one channel, ten classes. `content` is the name of the data set
// when the digests of both files are known, else "IDX files".
// Throws DataError that names the file when one is damaged, is not what IdxDigest asks for, or does
// not fit the other.
LoadedDataset LoadMnist(const MnistPaths& paths, DatasetPart part, IdxDigest digest);

}  // namespace lockstep
