#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lockstep {

// Channels, height and width of one image. Pixels are kept in height, width, channels order.
struct ImageShape {
  int channels = 1;
  int height = 0;
  int width = 0;

  int64_t size() const { return int64_t{channels} * height * width; }
  bool operator==(const ImageShape&) const = default;
};

enum class PixelType : uint32_t { kUint8 = 1, kFloat32 = 2 };

enum class DatasetPart { kTrain, kTest };

// A data set as a source (MNIST, digits, HDF5) hands it over, in memory of its own.
struct LoadedDataset {
  // One image after the other, each in height, width, channels order.
  using Pixels = std::variant<std::vector<uint8_t>, std::vector<float>>;

  std::string content = {};  // what it holds, for people: "MNIST"; at most 79 characters
  ImageShape shape = {};
  int classes = 0;
  Pixels pixels = {};
  std::vector<int32_t> labels = {};  // one a sample, below `classes`

  int64_t size() const { return static_cast<int64_t>(labels.size()); }
  PixelType pixel_type() const;
};

// Bytes of the block that Pack() fills for `loaded`.
size_t PackedSize(const LoadedDataset& loaded);

// Writes `loaded` as one block that Dataset::View() reads: header, labels, pixels.
// REQUIRES block.size() == PackedSize(loaded), as many pixels as labels and shape say, labels below
// `classes`, fewer than 2^32 samples.
void PackInto(const LoadedDataset& loaded, std::span<std::byte> block);
std::vector<std::byte> Pack(const LoadedDataset& loaded);

// An immutable view of a packed block, which it does not own: the block may lie in memory that the
// ranks of a node share. Copies are cheap. Any number of threads may read.
class Dataset {
 public:
  // REQUIRES a whole block written by Pack(), aligned to 8 bytes, that outlives the view.
  static Dataset View(std::span<const std::byte> block);

  int64_t size() const { return static_cast<int64_t>(labels_.size()); }
  const ImageShape& shape() const { return shape_; }
  int classes() const { return classes_; }
  PixelType pixel_type() const { return pixel_type_; }
  std::string_view content() const { return content_; }

  int32_t label(int64_t sample) const { return labels_[static_cast<size_t>(sample)]; }

  // The pixels of one sample. REQUIRES the data set to be of that pixel type.
  std::span<const uint8_t> Uint8Pixels(int64_t sample) const;
  std::span<const float> Float32Pixels(int64_t sample) const;

  // Has the CPU fetch the pixels of a sample that is read soon: samples in random order come from
  // memory, where the caches do not expect them.
  void Prefetch(int64_t sample) const;

  // Writes the stored values of one sample, unscaled, whatever their type.
  // REQUIRES out.size() == shape().size().
  void CopyPixels(int64_t sample, std::span<float> out) const;

 private:
  Dataset() = default;

  std::span<const std::byte> BytesOf(int64_t sample) const;

  ImageShape shape_;
  int classes_ = 0;
  PixelType pixel_type_ = PixelType::kUint8;
  std::string_view content_;
  std::span<const int32_t> labels_;
  std::span<const std::byte> pixels_;
};

}  // namespace lockstep
