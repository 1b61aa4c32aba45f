#include "storage/sealed_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

#include "storage/atomic_file.h"
#include "storage/error.h"
#include "storage/sha256.h"

namespace lockstep::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "the seal's numbers are little-endian");

// As in PNG: a byte above 127, both line ends and a control-Z expose transfers as text.
constexpr std::string_view kMagic = "\x89LOCKSTEP\r\n\x1a\n";
constexpr std::string_view kHdf5Magic = "\x89HDF\r\n\x1a\n";

constexpr size_t kTagOffset = 13;
constexpr size_t kVersionOffset = 16;
constexpr size_t kLengthOffset = 24;
constexpr size_t kDigestOffset = 32;
constexpr size_t kDigestEnd = 64;

template <typename T>
T Load(std::span<const std::byte> file, size_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void Store(std::span<std::byte> file, size_t offset, T value) {
  std::memcpy(file.data() + offset, &value, sizeof(T));
}

bool Holds(std::span<const std::byte> file, size_t offset, std::string_view text) {
  const size_t count = std::min(text.size(), file.size() - std::min(offset, file.size()));
  return std::memcmp(file.data() + offset, text.data(), count) == 0 && count > 0;
}

// SHA-256 of all but the digest itself.
Sha256Digest DigestOf(std::span<const std::byte> file) {
  Sha256 sha;
  sha.Update(file.first(kDigestOffset));
  sha.Update(file.subspan(kDigestEnd));
  return sha.Finish();
}

[[noreturn]] void Fail(const std::string& name, std::string_view problem,
                       const SealFormat& format) {
  throw Error(fmt::format("{}: {}; {}", name, problem, format.remedy));
}

// Checks what can be known from the beginning of a file of `file_bytes` bytes.
void CheckHead(std::span<const std::byte> head, uint64_t file_bytes, const SealFormat& format,
               const std::string& name) {
  if (file_bytes == 0) {
    Fail(name, "is empty", format);
  }
  if (!Holds(head, 0, kMagic)) {
    throw Error(fmt::format("{}: is {}, not a Lockstep {} file; check the path", name,
                            Holds(head, 0, kHdf5Magic) ? "some other HDF5 file" : "something else",
                            format.what));
  }
  if (file_bytes < kSealBytes) {
    Fail(name, fmt::format("is cut off after {} bytes", file_bytes), format);
  }
  if (!Holds(head, kTagOffset, format.tag)) {
    throw Error(fmt::format("{}: is a Lockstep file of another kind, not a {} file; check the path",
                            name, format.what));
  }
  const auto version = Load<uint32_t>(head, kVersionOffset);
  if (version > format.version) {
    throw Error(
        fmt::format("{}: is a {} of format version {}, this program reads up to {}; use the newer "
                    "Lockstep that wrote it",
                    name, format.what, version, format.version));
  }
  const auto body_bytes = Load<uint64_t>(head, kLengthOffset);
  if (body_bytes != file_bytes - kSealBytes) {
    Fail(name,
         fmt::format("should be {} + {} bytes long and is {}: it was cut off or appended to",
                     kSealBytes, body_bytes, file_bytes),
         format);
  }
}

}  // namespace

void Seal(std::span<std::byte> file, const SealFormat& format) {
  if (file.size() < kSealBytes || kTagOffset + format.tag.size() != kVersionOffset) {
    throw std::logic_error("no room for the seal or its tag");
  }
  std::memcpy(file.data(), kMagic.data(), kMagic.size());
  std::memcpy(file.data() + kTagOffset, format.tag.data(), format.tag.size());
  Store<uint32_t>(file, kVersionOffset, format.version);
  Store<uint64_t>(file, kLengthOffset, file.size() - kSealBytes);
  std::ranges::copy(DigestOf(file), file.data() + kDigestOffset);
}

void CheckSeal(std::span<const std::byte> file, const SealFormat& format, const std::string& name) {
  CheckHead(file, file.size(), format, name);
  const std::span<const std::byte> recorded =
      file.subspan(kDigestOffset, kDigestEnd - kDigestOffset);
  if (!std::ranges::equal(DigestOf(file), recorded)) {
    Fail(name, "is damaged: its content does not match its SHA-256", format);
  }
}

std::vector<std::byte> ReadSealedFile(const std::filesystem::path& path, const SealFormat& format) {
  const std::vector<std::byte> head = ReadFile(path, kSealBytes);
  std::error_code error;
  const uint64_t file_bytes = std::filesystem::file_size(path, error);
  if (error) {
    throw SystemError(path, "be read", error.value());
  }
  CheckHead(head, file_bytes, format, path.string());
  std::vector<std::byte> file = ReadFile(path);
  CheckSeal(file, format, path.string());
  return file;
}

}  // namespace lockstep::storage
