#include "storage/hdf5_types.h"

#include <hdf5.h>

#include <bit>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "storage/error.h"

namespace lockstep::storage {
namespace {

static_assert(std::endian::native == std::endian::little,
              "files hold little-endian numbers, and arrays are read and written as they lie");

Hdf5Handle ColumnHdf5Type(const Column& column) {
  switch (column.type) {
    case ColumnType::kInt64:
      return {H5Tcopy(H5T_STD_I64LE), H5Tclose};
    case ColumnType::kDouble:
      return {H5Tcopy(H5T_IEEE_F64LE), H5Tclose};
    case ColumnType::kString:
      return StringType(column.width);
  }
  throw std::logic_error("column type out of range");
}

std::optional<Column> MemberColumn(Hdf5Id row_type, unsigned index) {
  const std::unique_ptr<char, void (*)(char*)> name(H5Tget_member_name(row_type, index),
                                                    [](char* text) { H5free_memory(text); });
  const Hdf5Handle type(H5Tget_member_type(row_type, index), H5Tclose);
  if (name == nullptr || !type.IsValid()) {
    return std::nullopt;
  }
  Column column{.name = name.get()};
  if (H5Tequal(type.id(), H5T_STD_I64LE) > 0) {
    column.type = ColumnType::kInt64;
  } else if (H5Tequal(type.id(), H5T_IEEE_F64LE) > 0) {
    column.type = ColumnType::kDouble;
  } else if (H5Tget_class(type.id()) == H5T_STRING && H5Tis_variable_str(type.id()) == 0) {
    column.type = ColumnType::kString;
    column.width = H5Tget_size(type.id());
  } else {
    return std::nullopt;
  }
  return column;
}

}  // namespace

template <>
Hdf5Id NumberType<float>() {
  return H5T_IEEE_F32LE;
}

template <>
Hdf5Id NumberType<double>() {
  return H5T_IEEE_F64LE;
}

template <>
Hdf5Id NumberType<int64_t>() {
  return H5T_STD_I64LE;
}

template <>
Hdf5Id NumberType<uint8_t>() {
  return H5T_STD_U8LE;
}

Hdf5Handle StringType(size_t width) {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  if (!type.IsValid() || H5Tset_size(type.id(), width) < 0 ||
      H5Tset_strpad(type.id(), H5T_STR_NULLPAD) < 0 || H5Tset_cset(type.id(), H5T_CSET_UTF8) < 0) {
    throw Error("HDF5 string type: " + LastHdf5Error());
  }
  return type;
}

Hdf5Handle RowType(std::span<const Column> columns) {
  size_t row_bytes = 0;
  for (const Column& column : columns) {
    row_bytes += column.width;
  }
  Hdf5Handle row(H5Tcreate(H5T_COMPOUND, row_bytes), H5Tclose);
  size_t offset = 0;
  for (const Column& column : columns) {
    const Hdf5Handle type = ColumnHdf5Type(column);
    if (H5Tinsert(row.id(), column.name.c_str(), offset, type.id()) < 0) {
      throw std::logic_error("HDF5 table column " + column.name + ": " + LastHdf5Error());
    }
    offset += column.width;
  }
  if (!row.IsValid()) {
    throw std::logic_error("HDF5 table without columns");
  }
  return row;
}

std::vector<Column> ColumnsOf(Hdf5Id row_type) {
  if (H5Tget_class(row_type) != H5T_COMPOUND) {
    return {};
  }
  const int count = H5Tget_nmembers(row_type);
  std::vector<Column> columns;
  size_t offset = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    const auto column = MemberColumn(row_type, i);
    if (!column || H5Tget_member_offset(row_type, i) != offset) {
      return {};
    }
    offset += column->width;
    columns.push_back(*column);
  }
  return offset == H5Tget_size(row_type) ? columns : std::vector<Column>{};
}

}  // namespace lockstep::storage
