#include "storage/hdf5_image.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <string>

namespace lockstep::storage {
namespace {

// HDF5 would copy the image twice: into the property list and into the file. These callbacks hand
// it the one buffer each time it asks for a new one. `udata` is that buffer.
void* Allocate(size_t, H5FD_file_image_op_t, void* udata) { return udata; }
void* Copy(void* to, const void*, size_t, H5FD_file_image_op_t, void*) { return to; }
void* Reallocate(void*, size_t, H5FD_file_image_op_t, void*) { return nullptr; }
herr_t Free(void*, H5FD_file_image_op_t, void*) { return 0; }
void* ShareUserData(void* udata) { return udata; }
herr_t KeepUserData(void*) { return 0; }

}  // namespace

Hdf5Handle OpenHdf5Image(std::span<const std::byte> image) {
  auto* buffer = const_cast<std::byte*>(image.data());  // opened read-only: never written to
  H5FD_file_image_callbacks_t callbacks = {Allocate,      Copy,         Reallocate, Free,
                                           ShareUserData, KeepUserData, buffer};
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (H5Pset_fapl_core(access.id(), /*increment=*/1, /*backing_store=*/false) < 0 ||
      H5Pset_file_image_callbacks(access.id(), &callbacks) < 0 ||
      H5Pset_file_image(access.id(), buffer, image.size()) < 0) {
    return {};
  }
  // HDF5 takes two open files in memory for one if their names are equal, and refuses the name of a
  // file that exists.
  const std::string name = fmt::format("/dev/null/{}", fmt::ptr(buffer));
  return {H5Fopen(name.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose};
}

}  // namespace lockstep::storage
