#include "trainer/data/hdf5_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "storage/hdf5_writer.h"
#include "tests/storage/test_files.h"
#include "trainer/base/error.h"

namespace lockstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Dims = std::vector<int64_t>;

class Hdf5Source : public testing::Test {
 protected:
  template <typename T>
  void Images(const Dims& dims, const std::vector<T>& values) {
    writer_.WriteArray<T>("/images", dims, values);
  }
  void Labels(const std::vector<int64_t>& values) {
    writer_.WriteArray<int64_t>("/labels", Dims{static_cast<int64_t>(values.size())}, values);
  }

  LoadedDataset Load(const Hdf5SourceOptions& options = {}) const {
    storage::WriteRaw(directory_ / "data.h5", writer_.Image());
    return LoadHdf5(directory_ / "data.h5", options);
  }
  std::string ErrorOf(const Hdf5SourceOptions& options = {}) const {
    try {
      Load(options);
    } catch (const DataError& error) {
      return error.what();
    }
    ADD_FAILURE() << "no DataError was thrown";
    return "";
  }

  storage::TemporaryDirectory directory_;
  storage::Hdf5Writer writer_;
};

TEST_F(Hdf5Source, ChannelsMoveToTheEnd) {
  Images<uint8_t>({2, 3, 1, 2}, {1, 2, 11, 12, 21, 22, 3, 4, 13, 14, 23, 24});
  Labels({1, 0});
  const LoadedDataset loaded = Load();
  EXPECT_EQ(loaded.shape, (ImageShape{.channels = 3, .height = 1, .width = 2}));
  EXPECT_EQ(loaded.classes, 2);
  EXPECT_THAT(loaded.labels, ElementsAre(1, 0));
  EXPECT_THAT(std::get<std::vector<uint8_t>>(loaded.pixels),
              ElementsAre(1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24));
}

TEST_F(Hdf5Source, FloatsKeepTheirScale) {
  Images<float>({2, 2, 1}, {-1.5F, 0.25F, 1000.0F, 0.0F});
  Labels({4, 2});
  const LoadedDataset loaded = Load();
  EXPECT_EQ(loaded.classes, 5);
  EXPECT_THAT(std::get<std::vector<float>>(loaded.pixels),
              ElementsAre(-1.5F, 0.25F, 1000.0F, 0.0F));
  EXPECT_EQ(Dataset::View(Pack(loaded)).size(), 2);
}

TEST_F(Hdf5Source, ATestSetTakesTheNumberOfClassesItIsGiven) {
  Images<uint8_t>({1, 1, 1}, {7});
  Labels({2});
  EXPECT_EQ(Load({.classes = 10}).classes, 10);
}

TEST_F(Hdf5Source, ALabelOutOfRangeIsFound) {
  Images<uint8_t>({2, 1, 1}, {7, 8});
  Labels({1, 3});
  EXPECT_THAT(ErrorOf({.classes = 3}),
              HasSubstr("data.h5: labels: the label of sample 1 is 3, expected 0 to 2"));
}

TEST_F(Hdf5Source, ANegativeLabelIsFound) {
  Images<uint8_t>({2, 1, 1}, {7, 8});
  Labels({-1, 3});
  EXPECT_THAT(ErrorOf(), HasSubstr("the label of sample 0 is -1, expected 0 to 3"));
}

TEST_F(Hdf5Source, ALabelThatCannotBeAClassIsFound) {
  Images<uint8_t>({2, 1, 1}, {7, 8});
  Labels({0, int64_t{1} << 40});
  EXPECT_THAT(ErrorOf(),
              HasSubstr("the label of sample 1 is 1099511627776, expected 0 to 1677721"));
}

TEST_F(Hdf5Source, OneClassIsNotEnough) {
  Images<uint8_t>({2, 1, 1}, {7, 8});
  Labels({0, 0});
  EXPECT_THAT(ErrorOf(), HasSubstr("data.h5: labels: no label is above 0"));
}

TEST_F(Hdf5Source, APixelThatIsNoNumberIsFound) {
  Images<float>({2, 1, 2}, {1, 2, 3, std::nanf("")});
  Labels({0, 1});
  EXPECT_THAT(ErrorOf(), HasSubstr("data.h5: images: image 1 holds a pixel that is nan"));
}

TEST_F(Hdf5Source, WhatStorageRefusesIsADataError) {
  Images<uint8_t>({2, 1, 1}, {7, 8});
  Labels({0, 1, 1});
  EXPECT_THAT(ErrorOf(), HasSubstr("data.h5: labels: holds 3 labels for 2 images"));
  EXPECT_THAT(ErrorOf({.images = "pictures"}), HasSubstr("pictures"));
}

}  // namespace
}  // namespace lockstep
