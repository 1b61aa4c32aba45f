#include "trainer/tensor/convolution/window_convolution.h"

#include <gtest/gtest.h>

#include "tests/trainer/tensor/convolution/convolution_runner.h"

namespace lockstep {
namespace {

void ExpectWindowsAreTheConvolution(const ConvolutionGeometry& geometry, int batch) {
  ASSERT_TRUE(WindowConvolution::Serves(geometry)) << Describe(geometry);
  ExpectIsTheConvolution(WindowConvolution(geometry, batch), geometry, batch);
}

TEST(Windows, GroupsOfEverySizeThatDividesAVector) {
  for (const int group : {1, 2, 4, 8, 16}) {
    for (const int stride : {1, 2, 3}) {
      ExpectWindowsAreTheConvolution(Square({48, 9, 11}, 48, 3, stride, 1, 48 / group), 2);
    }
  }
}

// Up to more than the registers hold.
TEST(Windows, EveryNumberOfWindowsInARow) {
  for (int width = 3; width <= 33; ++width) {
    for (const int groups : {1, 16}) {
      ExpectWindowsAreTheConvolution(Square({16, 3, width}, 16, 3, 1, 0, groups), 1);
    }
  }
}

TEST(Windows, EveryNumberOfVectorsOfChannelsAndFilters) {
  for (int vectors = 1; vectors <= 9; ++vectors) {
    ExpectWindowsAreTheConvolution(Square({16, 5, 6}, 16 * vectors, 3, 2, 1), 2);
    ExpectWindowsAreTheConvolution(Square({16 * vectors, 5, 6}, 16, 3, 2, 1), 2);
  }
}

TEST(Windows, StridesLargerThanTheKernelLeaveInputsOut) {
  for (const int kernel : {1, 2}) {
    for (const int groups : {1, 4}) {
      ExpectWindowsAreTheConvolution(Square({16, 10, 13}, 16, kernel, 3, 0, groups), 2);
      ExpectWindowsAreTheConvolution(Square({16, 10, 13}, 16, kernel, 4, 2, groups), 2);
    }
  }
}

TEST(Windows, FewChannels) {
  for (const int channels : {1, 2, 3, 4}) {
    for (const int stride : {1, 2, 4}) {
      ExpectWindowsAreTheConvolution(Square({channels, 17, 20}, 32, 5, stride, 2), 3);
      ExpectWindowsAreTheConvolution(Square({channels, 17, 20}, 16, 1, stride, 0), 3);
    }
  }
}

TEST(Windows, PaddingsUpToMoreThanTheKernel) {
  for (const int padding : {3, 5, 8}) {
    for (const int groups : {1, 16}) {
      ExpectWindowsAreTheConvolution(Square({16, 2, 3}, 16, 3, 2, padding, groups), 2);
    }
  }
}

TEST(Windows, BlocksOfRowsOfLargeImagesAndOfSeveralSmallImages) {
  ExpectWindowsAreTheConvolution(Square({32, 70, 70}, 32, 3, 2, 1, 32), 2);
  ExpectWindowsAreTheConvolution(Square({16, 70, 70}, 16, 3, 2, 1), 2);
  ExpectWindowsAreTheConvolution(Square({16, 7, 7}, 16, 3, 2, 1), 37);
}

TEST(Windows, ServeWholeVectorsOfChannelsAndFilters) {
  EXPECT_TRUE(WindowConvolution::Serves(Square({32, 9, 9}, 48, 7, 3, 2)));
  EXPECT_TRUE(WindowConvolution::Serves(Square({3, 9, 9}, 48, 7, 3, 2)));
  EXPECT_FALSE(WindowConvolution::Serves(Square({5, 9, 9}, 48, 7, 3, 2)));
  EXPECT_FALSE(WindowConvolution::Serves(Square({32, 9, 9}, 10, 7, 3, 2)));
  EXPECT_FALSE(WindowConvolution::Serves(Square({96, 9, 9}, 96, 3, 1, 1, 3)));   // 32 a group
  EXPECT_FALSE(WindowConvolution::Serves(Square({48, 9, 9}, 48, 3, 1, 1, 16)));  // 3 a group
  EXPECT_FALSE(WindowConvolution::Serves(Square({16, 9, 9}, 32, 3, 1, 1, 16)));  // a multiplier
}

}  // namespace
}  // namespace lockstep
