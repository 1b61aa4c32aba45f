#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace lockstep {

// Whether `bytes` start as a gzip file does.
bool IsGzip(std::span<const std::byte> bytes);

// No gzip file unpacks to more than this: the format allows about 1032 bytes for one.
size_t LargestUnpackedSize(size_t gzip_bytes);

// Unpacks a gzip file of one or several members; stops after `limit` bytes without looking at the
// rest. Memory grows with what is unpacked. Throws DataError naming `name` when the file is damaged
// or cut off, or when something else follows the last member.
std::vector<std::byte> Gunzip(std::span<const std::byte> bytes, size_t limit,
                              std::string_view name);

// A gzip file of one member that depends on `bytes` alone: no name, no time.
std::vector<std::byte> Gzip(std::span<const std::byte> bytes);

}  // namespace lockstep
