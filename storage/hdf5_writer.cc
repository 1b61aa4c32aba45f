#include "storage/hdf5_writer.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <stdexcept>

#include "storage/error.h"
#include "storage/hdf5_types.h"

namespace lockstep::storage {
namespace {

constexpr size_t kMemoryGrowth = size_t{1} << 20;

void Expect(bool succeeded, std::string_view path) {
  if (!succeeded) {
    throw Error(fmt::format("HDF5 file in memory: {}: {}; perhaps memory is exhausted", path,
                            LastHdf5Error()));
  }
}

Hdf5Handle PropertyList(hid_t kind) {
  Hdf5Handle list(H5Pcreate(kind), H5Pclose);
  Expect(list.IsValid(), "property list");
  return list;
}

Hdf5Handle WithoutTimes(hid_t kind) {
  Hdf5Handle list = PropertyList(kind);
  Expect(H5Pset_obj_track_times(list.id(), false) >= 0, "property list");
  return list;
}

}  // namespace

Hdf5Writer::Hdf5Writer(size_t user_block) : user_block_(user_block) {
  SilenceHdf5();
  Hdf5Handle creation = WithoutTimes(H5P_FILE_CREATE);
  Hdf5Handle access = PropertyList(H5P_FILE_ACCESS);
  Expect(H5Pset_userblock(creation.id(), user_block) >= 0 &&
             H5Pset_fapl_core(access.id(), kMemoryGrowth, /*backing_store=*/false) >= 0,
         "/");
  // HDF5 takes two open files in memory for one if their names are equal.
  const std::string name = fmt::format("/dev/null/{}", fmt::ptr(this));
  file_ = Hdf5Handle(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), H5Fclose);
  Expect(file_.IsValid(), "/");
}

void Hdf5Writer::MakeGroup(const std::string& path) {
  const Hdf5Handle creation = WithoutTimes(H5P_GROUP_CREATE);
  const Hdf5Handle group(
      H5Gcreate2(file_.id(), path.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), H5Gclose);
  Expect(group.IsValid(), path);
}

template <typename T>
void Hdf5Writer::WriteArray(const std::string& path, std::span<const int64_t> dims,
                            std::span<const T> values) {
  WriteDataset(path, NumberType<T>(), dims, values.data(), values.size());
}

template void Hdf5Writer::WriteArray(const std::string&, std::span<const int64_t>,
                                     std::span<const float>);
template void Hdf5Writer::WriteArray(const std::string&, std::span<const int64_t>,
                                     std::span<const double>);
template void Hdf5Writer::WriteArray(const std::string&, std::span<const int64_t>,
                                     std::span<const int64_t>);
template void Hdf5Writer::WriteArray(const std::string&, std::span<const int64_t>,
                                     std::span<const uint8_t>);

void Hdf5Writer::WriteText(const std::string& path, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    throw std::logic_error(fmt::format("HDF5 text {} holds a zero byte", path));
  }
  // HDF5 has no string type of length zero; an empty text is one zero byte of filling.
  const std::string padded = text.empty() ? std::string(1, '\0') : std::string(text);
  const Hdf5Handle type = StringType(padded.size());
  WriteDataset(path, type.id(), {}, padded.data(), 1);
}

void Hdf5Writer::WriteDataset(const std::string& path, Hdf5Id type, std::span<const int64_t> dims,
                              const void* values, size_t value_count) {
  const std::vector<hsize_t> extent(dims.begin(), dims.end());
  const Hdf5Handle space(
      extent.empty() ? H5Screate(H5S_SCALAR)
                     : H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
      H5Sclose);
  Expect(space.IsValid(), path);
  const auto expected = H5Sget_simple_extent_npoints(space.id());
  if (expected != static_cast<hssize_t>(value_count)) {
    throw std::logic_error(
        fmt::format("HDF5 array {}: {} values for a shape of {}", path, value_count, expected));
  }
  const Hdf5Handle creation = WithoutTimes(H5P_DATASET_CREATE);
  const Hdf5Handle dataset(H5Dcreate2(file_.id(), path.c_str(), type, space.id(), H5P_DEFAULT,
                                      creation.id(), H5P_DEFAULT),
                           H5Dclose);
  Expect(dataset.IsValid(), path);
  if (value_count > 0) {
    Expect(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, path);
  }
}

void Hdf5Writer::WriteTable(const std::string& path, std::span<const Column> columns,
                            std::span<const std::byte> rows) {
  const Hdf5Handle type = RowType(columns);
  const size_t row_bytes = H5Tget_size(type.id());
  if (rows.size() % row_bytes != 0) {
    throw std::logic_error(fmt::format("HDF5 table {}: {} bytes do not make whole rows of {}", path,
                                       rows.size(), row_bytes));
  }
  const hsize_t count = rows.size() / row_bytes;
  const hsize_t unlimited = H5S_UNLIMITED;
  const hsize_t chunk = std::clamp<hsize_t>(count, 16, 4096);
  const Hdf5Handle space(H5Screate_simple(1, &count, &unlimited), H5Sclose);
  const Hdf5Handle creation = WithoutTimes(H5P_DATASET_CREATE);
  Expect(space.IsValid() && H5Pset_chunk(creation.id(), 1, &chunk) >= 0, path);
  const Hdf5Handle dataset(H5Dcreate2(file_.id(), path.c_str(), type.id(), space.id(), H5P_DEFAULT,
                                      creation.id(), H5P_DEFAULT),
                           H5Dclose);
  Expect(dataset.IsValid(), path);
  if (count > 0) {
    Expect(H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) >= 0,
           path);
  }
}

std::vector<std::byte> Hdf5Writer::Image() const {
  Expect(H5Fflush(file_.id(), H5F_SCOPE_GLOBAL) >= 0, "/");
  const ssize_t size = H5Fget_file_image(file_.id(), nullptr, 0);
  Expect(size >= 0, "/");
  // HDF5 leaves the user block out of the image.
  std::vector<std::byte> file(user_block_ + static_cast<size_t>(size));
  Expect(
      H5Fget_file_image(file_.id(), file.data() + user_block_, static_cast<size_t>(size)) == size,
      "/");
  return file;
}

}  // namespace lockstep::storage
