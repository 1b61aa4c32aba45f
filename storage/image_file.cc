#include "storage/image_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "storage/error.h"
#include "storage/hdf5_reader.h"

namespace lockstep::storage {
namespace {

// Reads one user's file, and says which dataset of it is wrong.
class ImageReader {
 public:
  explicit ImageReader(const std::filesystem::path& path)
      : path_(path.string()), reader_(Hdf5Reader::OpenFile(path)) {}

  ImageArrays Read(const std::string& images, const std::string& labels) const {
    ImageArrays arrays;
    const DatasetInfo info = Describe(images);
    arrays.dims = ImageDims(images, info);
    CheckLabels(labels, arrays.dims[0]);
    if (info.kind == ElementKind::kInteger && !info.is_signed && info.element_bytes == 1) {
      arrays.pixels = reader_.ReadArray<uint8_t>(images);
    } else if (info.kind == ElementKind::kFloat && info.element_bytes >= sizeof(float)) {
      arrays.pixels = reader_.ReadArray<float>(images);
    } else {
      Fail(images, fmt::format("holds {}; pixels must be 8-bit unsigned integer, 32-bit float or "
                               "64-bit float",
                               info.ElementText()));
    }
    arrays.labels = reader_.ReadArray<int64_t>(labels);
    return arrays;
  }

 private:
  DatasetInfo Describe(const std::string& name) const {
    const std::vector<std::string> present = reader_.DatasetPaths();
    const std::string relative = name.starts_with('/') ? name.substr(1) : name;
    if (!std::ranges::binary_search(present, relative)) {
      Fail(name, fmt::format("there is no such dataset; the file has: {}", List(present)));
    }
    return reader_.Describe(name);
  }

  static std::string List(const std::vector<std::string>& names) {
    constexpr size_t kShown = 20;
    if (names.empty()) {
      return "none";
    }
    const size_t shown = std::min(names.size(), kShown);
    return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + shown, ", "),
                       shown < names.size() ? ", ..." : "");
  }

  std::array<int64_t, 4> ImageDims(const std::string& name, const DatasetInfo& info) const {
    std::vector<int64_t> dims = info.dims;
    if (dims.size() == 3) {
      dims.insert(dims.begin() + 1, 1);
    }
    if (dims.size() != 4 || *std::ranges::min_element(dims) < 1) {
      Fail(name, fmt::format("has shape ({}); images must be (count, channels, height, width) or "
                             "(count, height, width), with at least one of each",
                             fmt::join(info.dims, ", ")));
    }
    return {dims[0], dims[1], dims[2], dims[3]};
  }

  void CheckLabels(const std::string& name, int64_t image_count) const {
    const DatasetInfo info = Describe(name);
    if (info.dims.size() != 1) {
      Fail(name, fmt::format("has shape ({}); labels must be (count)", fmt::join(info.dims, ", ")));
    }
    if (info.kind != ElementKind::kInteger) {
      Fail(name, fmt::format("holds {}; labels must be integers", info.ElementText()));
    }
    if (info.dims[0] != image_count) {
      Fail(name, fmt::format("holds {} labels for {} images; there must be one an image",
                             info.dims[0], image_count));
    }
  }

  [[noreturn]] void Fail(const std::string& name, std::string_view text) const {
    throw Error(fmt::format("{}: {}: {}", path_, name, text));
  }

  std::string path_;
  Hdf5Reader reader_;
};

}  // namespace

ImageArrays ReadImages(const std::filesystem::path& path, const std::string& images_name,
                       const std::string& labels_name) {
  return ImageReader(path).Read(images_name, labels_name);
}

}  // namespace lockstep::storage
