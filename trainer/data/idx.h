#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace lockstep {

// An array of unsigned bytes as an IDX file holds it. See idx.md for the format.
struct IdxArray {
  std::vector<int64_t> dims;     // 1 to 4, each at least 1
  std::vector<std::byte> bytes;  // the whole uncompressed file, header included

  size_t header_size() const { return 4 + 4 * dims.size(); }
  // The array's elements, last dimension fastest.
  std::span<const uint8_t> values() const;
};

// Reads an IDX file, plain or gzip. Throws DataError that names the file when it cannot be read, is
// damaged, or is not exactly as long as its header says. Takes no more memory than the bytes that
// the file really holds call for, whatever its header claims.
IdxArray ReadIdx(const std::filesystem::path& path);
// The same for a file already in memory; `name` stands in messages.
IdxArray ParseIdx(std::span<const std::byte> file, std::string_view name);

// The uncompressed file that holds `values`. REQUIRES 1 to 4 dims whose product is values.size().
std::vector<std::byte> FormatIdx(std::span<const int64_t> dims, std::span<const uint8_t> values);
// Writes it to `path`, compressed when the name ends in ".gz". Throws DataError when it cannot.
void WriteIdx(const std::filesystem::path& path, std::span<const int64_t> dims,
              std::span<const uint8_t> values);

}  // namespace lockstep
