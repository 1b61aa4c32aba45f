#include "trainer/data/dataset.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <type_traits>

#include "trainer/base/check.h"
#include "trainer/base/divide.h"

namespace lockstep {
namespace {

constexpr uint64_t kMagic = 0x3154455350434b4cULL;  // "LKCPSET1"
constexpr size_t kContentCapacity = 80;
constexpr size_t kAlignment = 64;  // labels and pixels start at a cache line of the block

struct Header {
  uint64_t magic = kMagic;
  int64_t samples = 0;
  std::array<int32_t, 3> shape{};  // channels, height, width
  int32_t classes = 0;
  PixelType pixel_type = PixelType::kUint8;
  uint32_t content_length = 0;
  std::array<char, kContentCapacity> content{};
};
static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) == 2 * kAlignment - 8);

constexpr size_t AlignUp(size_t bytes) { return RoundUp(bytes, kAlignment); }

constexpr size_t kLabelsOffset = AlignUp(sizeof(Header));

size_t PixelsOffset(int64_t samples) {
  return AlignUp(kLabelsOffset + static_cast<size_t>(samples) * sizeof(int32_t));
}

size_t PixelBytes(PixelType type) { return type == PixelType::kUint8 ? 1 : sizeof(float); }

size_t BlockSize(int64_t samples, const ImageShape& shape, PixelType type) {
  return PixelsOffset(samples) + static_cast<size_t>(samples * shape.size()) * PixelBytes(type);
}

std::span<const std::byte> LoadedPixels(const LoadedDataset& loaded) {
  return std::visit([](const auto& pixels) { return std::as_bytes(std::span(pixels)); },
                    loaded.pixels);
}

void CheckPackable(const LoadedDataset& loaded) {
  CHECK_LT(loaded.content.size(), kContentCapacity);
  CHECK_LE(loaded.size(), int64_t{std::numeric_limits<uint32_t>::max()});
  CHECK_EQ(LoadedPixels(loaded).size(), static_cast<size_t>(loaded.size() * loaded.shape.size()) *
                                            PixelBytes(loaded.pixel_type()));
  for (const int32_t label : loaded.labels) {
    CHECK_GE(label, 0);
    CHECK_LT(label, loaded.classes);
  }
}

}  // namespace

PixelType LoadedDataset::pixel_type() const {
  return std::holds_alternative<std::vector<uint8_t>>(pixels) ? PixelType::kUint8
                                                              : PixelType::kFloat32;
}

size_t PackedSize(const LoadedDataset& loaded) {
  return BlockSize(loaded.size(), loaded.shape, loaded.pixel_type());
}

void PackInto(const LoadedDataset& loaded, std::span<std::byte> block) {
  CheckPackable(loaded);
  CHECK_EQ(block.size(), PackedSize(loaded));
  // The gaps too: equal samples give equal bytes, wherever the block lies.
  static_assert(std::has_unique_object_representations_v<Header>);
  std::ranges::fill(block, std::byte{0});
  Header header{.samples = loaded.size(),
                .shape = {loaded.shape.channels, loaded.shape.height, loaded.shape.width},
                .classes = loaded.classes,
                .pixel_type = loaded.pixel_type(),
                .content_length = static_cast<uint32_t>(loaded.content.size())};
  std::ranges::copy(loaded.content, header.content.begin());
  std::memcpy(block.data(), &header, sizeof(header));
  std::ranges::copy(std::as_bytes(std::span(loaded.labels)), block.begin() + kLabelsOffset);
  std::ranges::copy(LoadedPixels(loaded),
                    block.begin() + static_cast<ptrdiff_t>(PixelsOffset(loaded.size())));
}

std::vector<std::byte> Pack(const LoadedDataset& loaded) {
  std::vector<std::byte> block(PackedSize(loaded));
  PackInto(loaded, block);
  return block;
}

Dataset Dataset::View(std::span<const std::byte> block) {
  CHECK_GE(block.size(), sizeof(Header));
  CHECK_EQ(reinterpret_cast<uintptr_t>(block.data()) % alignof(Header), 0U);
  const auto& header = *reinterpret_cast<const Header*>(block.data());
  CHECK_EQ(header.magic, kMagic);
  CHECK_LT(header.content_length, kContentCapacity);
  CHECK(header.pixel_type == PixelType::kUint8 || header.pixel_type == PixelType::kFloat32);
  Dataset view;
  view.shape_ = {header.shape[0], header.shape[1], header.shape[2]};
  view.classes_ = header.classes;
  view.pixel_type_ = header.pixel_type;
  CHECK_EQ(block.size(), BlockSize(header.samples, view.shape_, header.pixel_type));
  view.content_ = {header.content.data(), header.content_length};
  view.labels_ = {reinterpret_cast<const int32_t*>(block.data() + kLabelsOffset),
                  static_cast<size_t>(header.samples)};
  view.pixels_ = block.subspan(PixelsOffset(header.samples));
  return view;
}

std::span<const std::byte> Dataset::BytesOf(int64_t sample) const {
  CHECK_LT(sample, size());
  const size_t bytes = static_cast<size_t>(shape_.size()) * PixelBytes(pixel_type_);
  return pixels_.subspan(static_cast<size_t>(sample) * bytes, bytes);
}

std::span<const uint8_t> Dataset::Uint8Pixels(int64_t sample) const {
  CHECK(pixel_type_ == PixelType::kUint8);
  return {reinterpret_cast<const uint8_t*>(BytesOf(sample).data()),
          static_cast<size_t>(shape_.size())};
}

std::span<const float> Dataset::Float32Pixels(int64_t sample) const {
  CHECK(pixel_type_ == PixelType::kFloat32);
  return {reinterpret_cast<const float*>(BytesOf(sample).data()),
          static_cast<size_t>(shape_.size())};
}

void Dataset::Prefetch(int64_t sample) const {
  constexpr size_t kLine = 64;
  constexpr size_t kEnough = 4096;  // the rest comes as it is read: the hardware sees a pattern
  const auto pixels = BytesOf(sample);
  for (size_t byte = 0; byte < std::min(pixels.size(), kEnough); byte += kLine) {
    __builtin_prefetch(&pixels[byte]);
  }
}

void Dataset::CopyPixels(int64_t sample, std::span<float> out) const {
  CHECK_EQ(static_cast<int64_t>(out.size()), shape_.size());
  if (pixel_type_ == PixelType::kUint8) {
    std::ranges::copy(Uint8Pixels(sample), out.begin());
  } else {
    std::ranges::copy(Float32Pixels(sample), out.begin());
  }
}

}  // namespace lockstep
