#pragma once

#include <cstddef>
#include <span>

#include "storage/hdf5_handle.h"

namespace lockstep::storage {

// Opens `image`, the bytes of a whole HDF5 file, read-only and without copying it. REQUIRES `image`
// to stay alive and unchanged until the handle is closed. The handle is not valid if HDF5 refuses.
Hdf5Handle OpenHdf5Image(std::span<const std::byte> image);

}  // namespace lockstep::storage
