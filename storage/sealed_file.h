#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::storage {

// What distinguishes one kind of sealed file from another. See checkpoint.md, "The seal".
struct SealFormat {
  std::string_view what;    // for messages: "checkpoint"
  std::string_view tag;     // three letters in the seal
  uint32_t version = 1;     // the newest that this program reads, and the one that it writes
  std::string_view remedy;  // for messages: what to do about a file that is not whole
};

// The size of the seal, HDF5's user block in front of the file proper.
constexpr size_t kSealBytes = 512;

// Fills in the seal of `file`: its first kSealBytes bytes, which are zero. The rest is final.
void Seal(std::span<std::byte> file, const SealFormat& format);

// Throws Error unless `file`, called `name` in messages, is a whole file of this format: the seal's
// magic, version and length are right and no bit has changed since Seal.
void CheckSeal(std::span<const std::byte> file, const SealFormat& format, const std::string& name);

// The content of the file at `path`, sealed and whole. Throws Error. Files of other kinds are
// refused without reading them to the end.
std::vector<std::byte> ReadSealedFile(const std::filesystem::path& path, const SealFormat& format);

}  // namespace lockstep::storage
