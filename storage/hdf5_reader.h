#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/column.h"
#include "storage/hdf5_handle.h"

namespace lockstep::storage {

enum class ElementKind { kInteger, kFloat, kText, kOther };

// What a dataset holds, before anything of it is read.
struct DatasetInfo {
  ElementKind kind = ElementKind::kOther;
  bool is_signed = false;    // integers only
  size_t element_bytes = 0;  // 4 for a 32-bit float
  std::vector<int64_t> dims;

  // Such as "32-bit float" or "16-bit unsigned integer".
  std::string ElementText() const;
};

struct TableRows {
  std::vector<Column> columns;
  std::vector<std::byte> rows;  // packed as Column says
};

// Reads an HDF5 file. Paths may name an object in a group ("/group/name", or "group/name" from the
// root). Everything throws Error, which names the file, the path and what was wrong with it; no
// dataset that claims more values than its file can hold is read. One thread at a time.
class Hdf5Reader {
 public:
  // Reads the file at `path`; does not lock it.
  static Hdf5Reader OpenFile(const std::filesystem::path& path);
  // Reads `image`, a whole file, called `name` in messages. REQUIRES `image` to outlive the reader.
  // HDF5 trusts its input: only an image whose digest was checked should come here.
  static Hdf5Reader OpenImage(std::span<const std::byte> image, std::string name);

  bool Contains(const std::string& path) const;
  // The names in a group, in byte order.
  std::vector<std::string> Children(const std::string& group) const;
  // The paths of all datasets in the file ("group/name"), in byte order.
  std::vector<std::string> DatasetPaths() const;

  DatasetInfo Describe(const std::string& path) const;
  // The dataset's values, converted to T (float, double, int64_t or uint8_t) by HDF5. Text cannot
  // be converted.
  template <typename T>
  std::vector<T> ReadArray(const std::string& path) const;
  // A scalar string of fixed length.
  std::string ReadText(const std::string& path) const;
  // A one-dimensional dataset of compounds of 64-bit integers, doubles and fixed-length strings.
  TableRows ReadTable(const std::string& path) const;

 private:
  Hdf5Reader(Hdf5Handle file, std::string name);

  Hdf5Handle OpenDataset(const std::string& path) const;
  // The number of values in an open dataset that its file does hold.
  size_t ValueCount(Hdf5Id dataset, const std::string& path) const;
  [[noreturn]] void Fail(const std::string& path, std::string_view text) const;

  Hdf5Handle file_;
  std::string name_;
};

}  // namespace lockstep::storage
