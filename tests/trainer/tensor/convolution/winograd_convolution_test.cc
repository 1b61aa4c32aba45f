#include "trainer/tensor/convolution/winograd_convolution.h"

#include <gtest/gtest.h>

#include "tests/trainer/tensor/convolution/convolution_runner.h"
#include "trainer/base/random.h"
#include "trainer/tensor/blas.h"

namespace lockstep {
namespace {

class Winograd : public testing::Test {
 protected:
  void SetUp() override { UseOneBlasThread(); }

  static ConvolutionGeometry Geometry(Shape input, int filters, int kernel, int padding) {
    return {.input = input,
            .filters = filters,
            .kernel_height = kernel,
            .kernel_width = kernel,
            .padding_height = padding,
            .padding_width = padding};
  }

  // With tiles of every size that there is.
  static void ExpectIsTheConvolutionInAllTiles(const ConvolutionGeometry& geometry, int batch,
                                               uint64_t seed = 1) {
    for (const int output_size : WinogradEngine::OutputSizes(geometry)) {
      SCOPED_TRACE(testing::Message() << "tiles of " << output_size);
      ExpectIsTheConvolution(WinogradConvolution(geometry, batch, output_size), geometry, batch,
                             seed);
    }
  }
};

TEST_F(Winograd, EveryPlaceWhereTilesEnd) {
  // Outputs of 1 to 13 pixels: a part of a tile, whole tiles, tiles and a part.
  for (const int kernel : {3, 5}) {
    for (int size = kernel; size < kernel + 13; ++size) {
      ExpectIsTheConvolutionInAllTiles(Geometry({16, size, 2 * kernel + 12 - size}, 16, kernel, 0),
                                       2);
    }
  }
}

TEST_F(Winograd, PaddingsUpToMoreThanTheKernel) {
  for (const int kernel : {3, 5}) {
    for (int padding = 0; padding <= kernel + 1; ++padding) {
      ConvolutionGeometry geometry = Geometry({16, 7, 6}, 32, kernel, padding);
      geometry.padding_width = kernel - 1;
      ExpectIsTheConvolutionInAllTiles(geometry, 1);
    }
  }
}

TEST_F(Winograd, BlocksOfRowsOfLargeImages) {
  const ConvolutionGeometry geometry = Geometry({16, 100, 60}, 16, 3, 1);
  ExpectIsTheConvolutionInAllTiles(geometry, 2);
}

TEST_F(Winograd, BlocksOfSeveralSmallImages) {
  const ConvolutionGeometry geometry = Geometry({16, 5, 5}, 16, 3, 0);
  const WinogradConvolution algorithm(geometry, 300, WinogradEngine::FastestOutputSize(geometry));
  for (const int batch : {1, 2, 150, 300}) {
    ExpectIsTheConvolution(algorithm, geometry, batch);
  }
}

// A tile an image: blocks of 65 images.
TEST_F(Winograd, LargeWeightsTakeLargeBlocks) {
  const ConvolutionGeometry geometry = Geometry({256, 3, 3}, 256, 3, 0);
  ExpectIsTheConvolution(
      WinogradConvolution(geometry, 130, WinogradEngine::FastestOutputSize(geometry)), geometry,
      130);
}

TEST_F(Winograd, RandomGeometries) {
  RandomStream stream(2016, {.purpose = Purpose::kAugment});
  const auto between = [&](int low, int high) {
    return low + static_cast<int>(stream.Below(high - low + 1));
  };
  for (int i = 0; i < 40 && !HasFatalFailure(); ++i) {
    const int kernel = between(0, 1) == 0 ? 3 : 5;
    ConvolutionGeometry geometry =
        Geometry({16 * between(1, 3), between(kernel, 14), between(kernel, 14)}, 16 * between(1, 3),
                 kernel, between(0, kernel));
    geometry.padding_height = between(0, kernel);
    const int batch = between(1, 4);
    ExpectIsTheConvolutionInAllTiles(geometry, batch, i);
  }
}

TEST_F(Winograd, TilesAreChosenThatFitTheImage) {
  const auto chosen = [](int size, int channels) {
    return WinogradEngine::FastestOutputSize(Geometry({channels, size, size}, channels, 3, 1));
  };
  EXPECT_EQ(chosen(3, 64), 3);
  EXPECT_EQ(chosen(14, 64), 5);
  EXPECT_EQ(chosen(28, 64), 4);
  EXPECT_EQ(chosen(224, 64), 6);
  EXPECT_EQ(WinogradEngine::FastestOutputSize(Geometry({32, 28, 28}, 32, 5, 2)), 4);
}

TEST_F(Winograd, ServesSquareKernelsOf3And5WithoutStridesAndGroups) {
  const ConvolutionGeometry served = Geometry({32, 9, 9}, 16, 3, 1);
  EXPECT_TRUE(WinogradEngine::Serves(served));
  EXPECT_TRUE(WinogradEngine::Serves(Geometry({32, 9, 9}, 16, 5, 0)));
  EXPECT_FALSE(WinogradEngine::Serves(Geometry({32, 9, 9}, 16, 4, 0)));
  EXPECT_FALSE(WinogradEngine::Serves(Geometry({24, 9, 9}, 16, 3, 0)));
  EXPECT_FALSE(WinogradEngine::Serves(Geometry({32, 9, 9}, 10, 3, 0)));
  for (int ConvolutionGeometry::*field :
       {&ConvolutionGeometry::kernel_height, &ConvolutionGeometry::kernel_width,
        &ConvolutionGeometry::stride_height, &ConvolutionGeometry::stride_width,
        &ConvolutionGeometry::groups}) {
    ConvolutionGeometry other = served;
    ++(other.*field);
    EXPECT_FALSE(WinogradEngine::Serves(other)) << Describe(other);
  }
}

}  // namespace
}  // namespace lockstep
