#include "trainer/data/idx.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>

#include "trainer/base/check.h"
#include "trainer/base/error.h"
#include "trainer/data/data_file.h"
#include "trainer/data/gzip.h"

namespace lockstep {
namespace {

constexpr size_t kMostDims = 4;
constexpr size_t kLargestHeader = 4 + 4 * kMostDims;
constexpr uint8_t kUnsignedByte = 0x08;

uint32_t BigEndian(std::span<const std::byte> bytes) {
  return std::to_integer<uint32_t>(bytes[0]) << 24 | std::to_integer<uint32_t>(bytes[1]) << 16 |
         std::to_integer<uint32_t>(bytes[2]) << 8 | std::to_integer<uint32_t>(bytes[3]);
}

[[noreturn]] void Fail(std::string_view name, const std::string& what) {
  throw DataError(fmt::format("{}: {}", name, what));
}

std::string TypeName(uint32_t type) {
  switch (type) {
    case 0x09:
      return "signed bytes";
    case 0x0b:
      return "16-bit integers";
    case 0x0c:
      return "32-bit integers";
    case 0x0d:
      return "floats";
    case 0x0e:
      return "doubles";
    default:
      return "an unknown type";
  }
}

// `start` is the first kLargestHeader bytes of the uncompressed file, or all of it.
std::vector<int64_t> ParseDims(std::span<const std::byte> start, std::string_view name) {
  if (start.size() < 4) {
    Fail(name, fmt::format("not an IDX file: {} bytes are too few for a header", start.size()));
  }
  const uint32_t magic = BigEndian(start);
  if (magic >> 16 != 0) {
    Fail(name, fmt::format("not an IDX file: it starts with 0x{:08x}, expected 0x0000", magic));
  }
  const uint32_t type = magic >> 8;
  if (type != kUnsignedByte) {
    Fail(name, fmt::format("holds {} (IDX type 0x{:02x}), expected unsigned bytes (0x08)",
                           TypeName(type), type));
  }
  const size_t count = magic & 0xffU;
  if (count < 1 || count > kMostDims) {
    Fail(name, fmt::format("has {} dimensions, expected 1 to {}", count, kMostDims));
  }
  if (start.size() < 4 + 4 * count) {
    Fail(name,
         fmt::format("ends within its header: {} bytes, expected {}", start.size(), 4 + 4 * count));
  }
  std::vector<int64_t> dims;
  for (size_t dim = 0; dim < count; ++dim) {
    dims.push_back(BigEndian(start.subspan(4 + 4 * dim)));
    if (dims.back() == 0) {
      Fail(name, fmt::format("dimension {} is 0, expected at least 1", dim));
    }
  }
  return dims;
}

// Header and elements in bytes. Fails when that is more than `most`, the most that a file of this
// length can hold, so that no claim of a header is ever multiplied out or allocated.
size_t ClaimedSize(const std::vector<int64_t>& dims, size_t most, std::string_view name) {
  size_t elements = 1;
  for (const int64_t dim : dims) {
    if (static_cast<size_t>(dim) > most / elements) {
      Fail(name, fmt::format("too short: its header announces {} bytes of data, the file cannot "
                             "hold more than {} bytes",
                             fmt::join(dims, " x "), most));
    }
    elements *= static_cast<size_t>(dim);
  }
  return 4 + 4 * dims.size() + elements;
}

void CheckLength(size_t found, size_t expected, const std::vector<int64_t>& dims,
                 std::string_view name) {
  if (found == expected) {
    return;
  }
  const std::string announced =
      fmt::format("({} elements and a header of {})", fmt::join(dims, " x "), 4 + 4 * dims.size());
  Fail(name, found < expected
                 ? fmt::format("too short: {} bytes, expected {} {}", found, expected, announced)
                 : fmt::format("trailing bytes: goes on after the {} bytes that its header "
                               "announces {}",
                               expected, announced));
}

}  // namespace

std::span<const uint8_t> IdxArray::values() const {
  const auto elements = std::span(bytes).subspan(header_size());
  return {reinterpret_cast<const uint8_t*>(elements.data()), elements.size()};
}

IdxArray ReadIdx(const std::filesystem::path& path) {
  return ParseIdx(ReadDataFile(path), path.string());
}

IdxArray ParseIdx(std::span<const std::byte> file, std::string_view name) {
  IdxArray array;
  if (IsGzip(file)) {
    array.dims = ParseDims(Gunzip(file, kLargestHeader, name), name);
    const size_t size = ClaimedSize(array.dims, LargestUnpackedSize(file.size()), name);
    array.bytes = Gunzip(file, size + 1, name);
    CheckLength(array.bytes.size(), size, array.dims, name);
  } else {
    array.dims = ParseDims(file.first(std::min(file.size(), kLargestHeader)), name);
    const size_t size = ClaimedSize(array.dims, file.size(), name);
    CheckLength(file.size(), size, array.dims, name);
    array.bytes.assign(file.begin(), file.end());
  }
  return array;
}

std::vector<std::byte> FormatIdx(std::span<const int64_t> dims, std::span<const uint8_t> values) {
  CHECK_GE(dims.size(), size_t{1});
  CHECK_LE(dims.size(), kMostDims);
  std::vector<std::byte> file = {std::byte{0}, std::byte{0}, std::byte{kUnsignedByte},
                                 static_cast<std::byte>(dims.size())};
  int64_t elements = 1;
  for (const int64_t dim : dims) {
    CHECK_LE(dim, int64_t{std::numeric_limits<uint32_t>::max()});
    elements *= dim;
    for (const int shift : {24, 16, 8, 0}) {
      file.push_back(static_cast<std::byte>(dim >> shift & 0xff));
    }
  }
  CHECK_EQ(static_cast<size_t>(elements), values.size());
  std::ranges::copy(std::as_bytes(values), std::back_inserter(file));
  return file;
}

void WriteIdx(const std::filesystem::path& path, std::span<const int64_t> dims,
              std::span<const uint8_t> values) {
  const std::vector<std::byte> file = FormatIdx(dims, values);
  WriteDataFile(path, path.extension() == ".gz" ? Gzip(file) : file);
}

}  // namespace lockstep
