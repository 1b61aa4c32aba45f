#include "trainer/data/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "trainer/base/check.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 asks for the gzip wrapping
constexpr size_t kChunk = size_t{1} << 20;

uInt ToUInt(size_t size) {
  return static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
}

// zlib takes the input as a pointer to non-const but does not write to it.
Bytef* ZlibInput(std::span<const std::byte> bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

class Inflater {
 public:
  Inflater(std::span<const std::byte> bytes, std::string_view name) : rest_(bytes), name_(name) {
    CHECK_EQ(inflateInit2(&stream_, kGzipWindow), Z_OK);
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Fills some of `out`, which is not empty; returns how many bytes. 0 at the end of the file.
  size_t Read(std::span<std::byte> out) {
    size_t written = 0;
    while (written == 0 && !rest_.empty()) {
      stream_.next_in = ZlibInput(rest_);
      stream_.avail_in = ToUInt(rest_.size());
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = ToUInt(out.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      written = static_cast<size_t>(stream_.next_out - reinterpret_cast<Bytef*>(out.data()));
      rest_ = rest_.last(rest_.size() - static_cast<size_t>(stream_.next_in - ZlibInput(rest_)));
      StartNextMember(status);
    }
    if (written == 0 && !member_ended_) {
      throw DataError(fmt::format("{}: the gzip file is cut off", name_));
    }
    return written;
  }

 private:
  void StartNextMember(int status) {
    member_ended_ = status == Z_STREAM_END;
    if (member_ended_ && !rest_.empty()) {
      if (!IsGzip(rest_)) {
        throw DataError(
            fmt::format("{}: {} bytes follow the end of the gzip data", name_, rest_.size()));
      }
      CHECK_EQ(inflateReset(&stream_), Z_OK);
    } else if (!member_ended_ && status != Z_OK && status != Z_BUF_ERROR) {
      throw DataError(fmt::format("{}: the gzip data is damaged ({})", name_,
                                  stream_.msg != nullptr ? stream_.msg : zError(status)));
    }
  }

  z_stream stream_{};
  std::span<const std::byte> rest_;
  std::string_view name_;
  bool member_ended_ = false;
};

}  // namespace

bool IsGzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

size_t LargestUnpackedSize(size_t gzip_bytes) { return 1032 * gzip_bytes; }

std::vector<std::byte> Gunzip(std::span<const std::byte> bytes, size_t limit,
                              std::string_view name) {
  Inflater inflater(bytes, name);
  std::vector<std::byte> unpacked;
  size_t size = 0;
  while (size < limit) {
    unpacked.resize(std::min(limit, size + kChunk));
    const size_t read = inflater.Read(std::span(unpacked).subspan(size));
    if (read == 0) {
      break;
    }
    size += read;
  }
  unpacked.resize(size);
  return unpacked;
}

std::vector<std::byte> Gzip(std::span<const std::byte> bytes) {
  CHECK_LE(bytes.size(), size_t{std::numeric_limits<uInt>::max()});
  z_stream stream{};
  // Looks for runs of one byte only: images with noise get smaller than with Z_DEFAULT_STRATEGY, in
  // a tenth of the time.
  CHECK_EQ(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 9, Z_RLE), Z_OK);
  std::vector<std::byte> packed(deflateBound(&stream, bytes.size()));
  stream.next_in = ZlibInput(bytes);
  stream.avail_in = ToUInt(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = ToUInt(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  CHECK_EQ(status, Z_STREAM_END);
  return packed;
}

}  // namespace lockstep
