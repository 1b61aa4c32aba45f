#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "storage/column.h"
#include "storage/hdf5_handle.h"

namespace lockstep::storage {

// The HDF5 datatype of a T as it lies in memory and in files: float, double, int64_t or uint8_t.
// Belongs to HDF5.
template <typename T>
Hdf5Id NumberType();

// The HDF5 datatype of a fixed-length string of `width` bytes. Throws Error.
Hdf5Handle StringType(size_t width);

// The HDF5 datatype of a packed row. Throws std::logic_error for columns that HDF5 refuses: none at
// all, an empty string, a name twice.
Hdf5Handle RowType(std::span<const Column> columns);

// The reverse of RowType: the columns of a compound datatype. Empty if it has members that are no
// Column or lie otherwise than packed.
std::vector<Column> ColumnsOf(Hdf5Id row_type);

}  // namespace lockstep::storage
