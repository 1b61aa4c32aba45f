#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/column.h"
#include "storage/hdf5_handle.h"

namespace lockstep::storage {

// Builds an HDF5 file in memory. The file's bytes depend on the calls made and on nothing else: no
// time, no uninitialised gap. Its format is HDF5's oldest, which every reader knows.
//
// Paths are absolute ("/group/name"). The group that holds a new object exists already: the root,
// or one that MakeGroup made. Numbers are stored little-endian. Throws Error when HDF5 fails, for
// want of memory. One thread at a time.
class Hdf5Writer {
 public:
  // The file will begin with `user_block` bytes that HDF5 readers skip: 0, 512, 1024, 2048, ...
  explicit Hdf5Writer(size_t user_block = 0);
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  void MakeGroup(const std::string& path);

  // T is float, double, int64_t or uint8_t. REQUIRES values.size() to be the product of `dims`. No
  // dims: a scalar.
  template <typename T>
  void WriteArray(const std::string& path, std::span<const int64_t> dims,
                  std::span<const T> values);

  // A scalar string of fixed length, UTF-8. REQUIRES a text without zero bytes.
  void WriteText(const std::string& path, std::string_view text);

  // A one-dimensional, extensible dataset of compounds. `rows` are packed as Column says.
  void WriteTable(const std::string& path, std::span<const Column> columns,
                  std::span<const std::byte> rows);

  // The file. Its user block is zero and the caller's to fill.
  std::vector<std::byte> Image() const;

 private:
  void WriteDataset(const std::string& path, Hdf5Id type, std::span<const int64_t> dims,
                    const void* values, size_t value_count);

  size_t user_block_;
  Hdf5Handle file_;
};

}  // namespace lockstep::storage
