#include "storage/hdf5_reader.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <system_error>

#include "storage/error.h"
#include "storage/hdf5_image.h"
#include "storage/hdf5_types.h"

namespace lockstep::storage {
namespace {

// Deflate, the densest of HDF5's compressions, turns no byte into more than this many.
constexpr uint64_t kGreatestCompression = 1032;

bool IsCompressed(Hdf5Id dataset) {
  const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  return H5Pget_nfilters(creation.id()) > 0;
}

ElementKind KindOf(Hdf5Id type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return ElementKind::kInteger;
    case H5T_FLOAT:
      return ElementKind::kFloat;
    case H5T_STRING:
      return ElementKind::kText;
    default:
      return ElementKind::kOther;
  }
}

}  // namespace

std::string DatasetInfo::ElementText() const {
  switch (kind) {
    case ElementKind::kInteger:
      return fmt::format("{}-bit {} integer", 8 * element_bytes, is_signed ? "signed" : "unsigned");
    case ElementKind::kFloat:
      return fmt::format("{}-bit float", 8 * element_bytes);
    case ElementKind::kText:
      return "text";
    case ElementKind::kOther:
      break;
  }
  return "neither numbers nor text";
}

Hdf5Reader::Hdf5Reader(Hdf5Handle file, std::string name)
    : file_(std::move(file)), name_(std::move(name)) {
  if (!file_.IsValid()) {
    throw Error(fmt::format("{}: cannot be read as an HDF5 file: {}", name_, LastHdf5Error()));
  }
}

Hdf5Reader Hdf5Reader::OpenFile(const std::filesystem::path& path) {
  SilenceHdf5();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw error ? SystemError(path, "be read", error.value())
                : Error(path.string() + ": is not a regular file; give the path of one");
  }
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(access.id(), /*use_file_locking=*/false, /*ignore_when_disabled=*/true);
  return {Hdf5Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose), path.string()};
}

Hdf5Reader Hdf5Reader::OpenImage(std::span<const std::byte> image, std::string name) {
  SilenceHdf5();
  return {OpenHdf5Image(image), std::move(name)};
}

bool Hdf5Reader::Contains(const std::string& path) const {
  // H5Lexists fails, instead of saying no, when a group on the way does not exist.
  for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    if (H5Lexists(file_.id(), path.substr(0, end).c_str(), H5P_DEFAULT) <= 0) {
      return false;
    }
  }
  return H5Lexists(file_.id(), path.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> Hdf5Reader::Children(const std::string& group) const {
  const Hdf5Handle handle(H5Gopen2(file_.id(), group.c_str(), H5P_DEFAULT), H5Gclose);
  H5G_info_t info = {};
  if (!handle.IsValid() || H5Gget_info(handle.id(), &info) < 0) {
    Fail(group, "is missing, or is not a group");
  }
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const auto get_name = [&](char* text, size_t size) {
      return H5Lget_name_by_idx(handle.id(), ".", H5_INDEX_NAME, H5_ITER_INC, i, text, size,
                                H5P_DEFAULT);
    };
    const ssize_t length = get_name(nullptr, 0);
    std::string name(static_cast<size_t>(std::max<ssize_t>(length, 0)), '\0');
    if (length < 0 || get_name(name.data(), name.size() + 1) < 0) {
      Fail(group, LastHdf5Error());
    }
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Hdf5Reader::DatasetPaths() const {
  std::vector<std::string> paths;
  const auto take_dataset = [](hid_t, const char* path, const auto* info, void* result) -> herr_t {
    if (info->type == H5O_TYPE_DATASET) {
      static_cast<std::vector<std::string>*>(result)->emplace_back(path);
    }
    return 0;
  };
  if (H5Ovisit2(file_.id(), H5_INDEX_NAME, H5_ITER_INC, take_dataset, &paths, H5O_INFO_BASIC) < 0) {
    Fail("/", LastHdf5Error());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Hdf5Handle Hdf5Reader::OpenDataset(const std::string& path) const {
  if (!Contains(path)) {
    Fail(path, "is missing");
  }
  Hdf5Handle dataset(H5Dopen2(file_.id(), path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.IsValid()) {
    Fail(path, "is not a dataset");
  }
  return dataset;
}

DatasetInfo Hdf5Reader::Describe(const std::string& path) const {
  const Hdf5Handle dataset = OpenDataset(path);
  const Hdf5Handle type(H5Dget_type(dataset.id()), H5Tclose);
  const Hdf5Handle space(H5Dget_space(dataset.id()), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (!type.IsValid() || rank < 0) {
    Fail(path, LastHdf5Error());
  }
  std::vector<hsize_t> extent(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space.id(), extent.data(), nullptr);
  return {.kind = KindOf(type.id()),
          .is_signed = H5Tget_sign(type.id()) == H5T_SGN_2,
          .element_bytes = H5Tget_size(type.id()),
          .dims = {extent.begin(), extent.end()}};
}

size_t Hdf5Reader::ValueCount(Hdf5Id dataset, const std::string& path) const {
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const auto count = H5Sget_simple_extent_npoints(space.id());
  const size_t element_bytes = H5Tget_size(type.id());
  if (count < 0 || element_bytes == 0) {
    Fail(path, LastHdf5Error());
  }
  const uint64_t stored = H5Dget_storage_size(dataset);
  const uint64_t possible = IsCompressed(dataset) ? stored * kGreatestCompression : stored;
  if (static_cast<uint64_t>(count) > possible / element_bytes) {
    Fail(path, fmt::format("claims {} values of {} bytes, but holds only {} bytes; write the whole "
                           "array into this file",
                           count, element_bytes, stored));
  }
  return static_cast<size_t>(count);
}

template <typename T>
std::vector<T> Hdf5Reader::ReadArray(const std::string& path) const {
  const Hdf5Handle dataset = OpenDataset(path);
  std::vector<T> values(ValueCount(dataset.id(), path));
  if (!values.empty() &&
      H5Dread(dataset.id(), NumberType<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    Fail(path, LastHdf5Error());
  }
  return values;
}

template std::vector<float> Hdf5Reader::ReadArray(const std::string&) const;
template std::vector<double> Hdf5Reader::ReadArray(const std::string&) const;
template std::vector<int64_t> Hdf5Reader::ReadArray(const std::string&) const;
template std::vector<uint8_t> Hdf5Reader::ReadArray(const std::string&) const;

std::string Hdf5Reader::ReadText(const std::string& path) const {
  const Hdf5Handle dataset = OpenDataset(path);
  const Hdf5Handle type(H5Dget_type(dataset.id()), H5Tclose);
  if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0 ||
      ValueCount(dataset.id(), path) != 1) {
    Fail(path, "is not one text of fixed length");
  }
  std::string text(H5Tget_size(type.id()), '\0');
  if (H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()) < 0) {
    Fail(path, LastHdf5Error());
  }
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

TableRows Hdf5Reader::ReadTable(const std::string& path) const {
  const Hdf5Handle dataset = OpenDataset(path);
  const Hdf5Handle type(H5Dget_type(dataset.id()), H5Tclose);
  TableRows table{ColumnsOf(type.id()), {}};
  if (table.columns.empty() || Describe(path).dims.size() != 1) {
    Fail(path, "is not a table of 64-bit integers, doubles and fixed-length strings");
  }
  table.rows.resize(ValueCount(dataset.id(), path) * H5Tget_size(type.id()));
  if (!table.rows.empty() &&
      H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, table.rows.data()) < 0) {
    Fail(path, LastHdf5Error());
  }
  return table;
}

void Hdf5Reader::Fail(const std::string& path, std::string_view text) const {
  throw Error(fmt::format("{}: {}: {}", name_, path, text));
}

}  // namespace lockstep::storage
