#include "storage/image_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "storage/hdf5_writer.h"
#include "tests/storage/test_files.h"

namespace lockstep::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

using Dims = std::vector<int64_t>;

template <typename T>
void Add(Hdf5Writer& writer, const std::string& path, const Dims& dims) {
  std::vector<T> values(static_cast<size_t>(
      std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>())));
  std::iota(values.begin(), values.end(), T{0});
  writer.WriteArray<T>(path, dims, values);
}

class ImageFile : public testing::Test {
 protected:
  std::filesystem::path Save() const {
    WriteRaw(directory_ / "images.h5", writer_.Image());
    return directory_ / "images.h5";
  }
  ImageArrays Read() const { return ReadImages(Save(), "images", "labels"); }
  std::string ReadError() const {
    return ErrorOf([this] { Read(); });
  }

  TemporaryDirectory directory_;
  Hdf5Writer writer_;
};

TEST_F(ImageFile, BytesOfSeveralChannelsAreReadAsTheyAre) {
  Add<uint8_t>(writer_, "/images", {2, 3, 2, 2});
  Add<int64_t>(writer_, "/labels", {2});
  const ImageArrays arrays = Read();
  EXPECT_THAT(arrays.dims, ElementsAre(2, 3, 2, 2));
  const auto& pixels = std::get<std::vector<uint8_t>>(arrays.pixels);
  ASSERT_EQ(pixels.size(), 24U);
  EXPECT_EQ(pixels[23], 23);
  EXPECT_THAT(arrays.labels, ElementsAre(0, 1));
}

TEST_F(ImageFile, ThreeDimensionsMeanOneChannel) {
  Add<float>(writer_, "/images", {3, 4, 5});
  Add<uint8_t>(writer_, "/labels", {3});
  const ImageArrays arrays = Read();
  EXPECT_THAT(arrays.dims, ElementsAre(3, 1, 4, 5));
  EXPECT_EQ(std::get<std::vector<float>>(arrays.pixels)[59], 59.0F);
  EXPECT_THAT(arrays.labels, ElementsAre(0, 1, 2));
}

TEST_F(ImageFile, DoublesBecomeFloats) {
  writer_.WriteArray<double>("/images", Dims{1, 1, 1, 2}, std::vector<double>{0.1, -7});
  Add<int64_t>(writer_, "/labels", {1});
  EXPECT_THAT(std::get<std::vector<float>>(Read().pixels), ElementsAre(0.1F, -7.0F));
}

TEST_F(ImageFile, DatasetsMayLieInGroups) {
  writer_.MakeGroup("/train");
  Add<uint8_t>(writer_, "/train/x", {1, 1, 1, 1});
  Add<int64_t>(writer_, "/train/y", {1});
  EXPECT_EQ(ReadImages(Save(), "train/x", "/train/y").labels.size(), 1U);
}

TEST_F(ImageFile, MissingFileIsNamed) {
  EXPECT_THAT(ErrorOf([] { ReadImages("/nowhere/a.h5", "images", "labels"); }),
              HasSubstr("/nowhere/a.h5: cannot be read: No such file or directory"));
}

TEST_F(ImageFile, AFileThatIsNotHdf5IsNamed) {
  WriteRaw(directory_ / "a.h5", std::string(5000, 'x'));
  EXPECT_THAT(ErrorOf([this] { ReadImages(directory_ / "a.h5", "images", "labels"); }),
              HasSubstr("a.h5: cannot be read as an HDF5 file"));
  EXPECT_THAT(ErrorOf([this] { ReadImages(directory_.path(), "images", "labels"); }),
              HasSubstr("is not a regular file"));
}

TEST_F(ImageFile, AMissingDatasetIsNamedTogetherWithThoseThatAreThere) {
  writer_.MakeGroup("/train");
  Add<uint8_t>(writer_, "/train/x", {1, 1, 1, 1});
  Add<uint8_t>(writer_, "/y", {1});
  EXPECT_THAT(ReadError(),
              HasSubstr("images.h5: images: there is no such dataset; the file has: train/x, y"));
  EXPECT_THAT(ErrorOf([this] { ReadImages(Save(), "train", "y"); }), HasSubstr("no such dataset"));
}

TEST_F(ImageFile, AnEmptyFileHasNoDatasets) {
  EXPECT_THAT(ReadError(), HasSubstr("the file has: none"));
}

TEST_F(ImageFile, ImagesOfAnotherRankAreRefused) {
  Add<uint8_t>(writer_, "/images", {6, 4});
  Add<int64_t>(writer_, "/labels", {6});
  EXPECT_THAT(ReadError(), AllOf(HasSubstr("images: has shape (6, 4); images must be (count,")));
}

TEST_F(ImageFile, ImagesWithoutPixelsAreRefused) {
  Add<uint8_t>(writer_, "/images", {0, 1, 2, 2});
  Add<int64_t>(writer_, "/labels", {0});
  EXPECT_THAT(ReadError(), HasSubstr("at least one of each"));
}

TEST_F(ImageFile, PixelsOfAnotherTypeAreRefused) {
  Add<int64_t>(writer_, "/images", {1, 1, 2, 2});
  Add<int64_t>(writer_, "/labels", {1});
  EXPECT_THAT(ReadError(), HasSubstr("images: holds 64-bit signed integer; pixels must be 8-bit"));
}

TEST_F(ImageFile, LabelsOfAnotherTypeAreRefused) {
  Add<uint8_t>(writer_, "/images", {1, 1, 2, 2});
  Add<float>(writer_, "/labels", {1});
  EXPECT_THAT(ReadError(), HasSubstr("labels: holds 32-bit float; labels must be integers"));
}

TEST_F(ImageFile, LabelsAsTextAreRefused) {
  Add<uint8_t>(writer_, "/images", {1, 1, 2, 2});
  writer_.WriteText("/labels", "seven");
  EXPECT_THAT(ReadError(), HasSubstr("labels: has shape (); labels must be (count)"));
}

TEST_F(ImageFile, LabelsOfAnotherRankAreRefused) {
  Add<uint8_t>(writer_, "/images", {2, 1, 2, 2});
  Add<int64_t>(writer_, "/labels", {2, 1});
  EXPECT_THAT(ReadError(), HasSubstr("labels: has shape (2, 1); labels must be (count)"));
}

TEST_F(ImageFile, AsManyLabelsAsImages) {
  Add<uint8_t>(writer_, "/images", {2, 1, 2, 2});
  Add<int64_t>(writer_, "/labels", {3});
  EXPECT_THAT(ReadError(), HasSubstr("labels: holds 3 labels for 2 images"));
}

}  // namespace
}  // namespace lockstep::storage
