#include "trainer/tensor/convolution/convolution.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/trainer/tensor/convolution/convolution_runner.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/convolution/direct_convolution.h"
#include "trainer/tensor/convolution/gemm_convolution.h"
#include "trainer/tensor/convolution/pointwise_convolution.h"

namespace lockstep {
namespace {

// Of every algorithm that serves the geometry, whichever of them MakeConvolution prefers.
void ExpectAllAreTheConvolution(const ConvolutionGeometry& geometry, int max_batch, int batch,
                                uint64_t seed = 1) {
  ExpectIsTheConvolution(*MakeConvolution(geometry, max_batch), geometry, batch, seed);
  ExpectIsTheConvolution(GemmConvolution(geometry, max_batch), geometry, batch, seed);
  if (DirectEngine::Serves(geometry)) {
    ExpectIsTheConvolution(DirectConvolution(geometry), geometry, batch, seed);
  }
}

class Convolution : public testing::Test {
 protected:
  void SetUp() override { UseOneBlasThread(); }
};

TEST_F(Convolution, HandComputed) {
  // 1 2 3        1 0
  // 4 5 6   by   0 -1,  stride 1, no padding
  // 7 8 9
  const ConvolutionGeometry geometry = Square({1, 3, 3}, 1, 2, 1, 0);
  const auto algorithm = MakeConvolution(geometry, 1);
  const ConvolutionNumbers numbers{.batch = 1,
                                   .weights = {1, 0, 0, -1},
                                   .input = {1, 2, 3, 4, 5, 6, 7, 8, 9},
                                   .output_gradient = {1, 0, 0, 2}};
  const ConvolutionResults results = RunConvolution(*algorithm, geometry, numbers);
  EXPECT_EQ(results.output, (std::vector<float>{1 - 5, 2 - 6, 4 - 8, 5 - 9}));
  EXPECT_EQ(results.weight_gradient,
            (std::vector<float>{1 + 2 * 5, 2 + 2 * 6, 4 + 2 * 8, 5 + 2 * 9}));
  EXPECT_EQ(results.input_gradient, (std::vector<float>{1, 0, 0, 0, -1 + 2, 0, 0, 0, -2}));
}

TEST_F(Convolution, HandComputedChannelsAndFilters) {
  // A pixel of two channels; filters stand side by side in memory.
  const ConvolutionGeometry geometry = Square({2, 1, 1}, 3, 1, 1, 0);
  const auto algorithm = MakeConvolution(geometry, 1);
  const ConvolutionNumbers numbers{
      .batch = 1, .weights = {1, 2, 3, 10, 20, 30}, .input = {5, 7}, .output_gradient = {1, 0, -1}};
  const ConvolutionResults results = RunConvolution(*algorithm, geometry, numbers);
  EXPECT_EQ(results.output, (std::vector<float>{75, 150, 225}));
  EXPECT_EQ(results.weight_gradient, (std::vector<float>{5, 0, -5, 7, 0, -7}));
  EXPECT_EQ(results.input_gradient, (std::vector<float>{1 - 3, 10 - 30}));
}

TEST_F(Convolution, KernelsStridesAndPaddings) {
  for (const int kernel : {1, 2, 3, 4, 5}) {
    for (const int stride : {1, 2, 3}) {
      for (const int padding : {0, 1, 2, 3}) {
        for (const int channels : {1, 3, 16, 17}) {
          const ConvolutionGeometry geometry = Square({channels, 9, 8}, 5, kernel, stride, padding);
          ExpectAllAreTheConvolution(geometry, 3, 3);
        }
      }
    }
  }
}

TEST_F(Convolution, HeightAndWidthDiffer) {
  for (const auto& [kernel_width, stride_width, padding_width] :
       {std::array{1, 1, 0}, {3, 2, 1}, {5, 3, 2}, {2, 1, 3}}) {
    for (const int channels : {1, 12}) {
      ConvolutionGeometry geometry = Square({channels, 7, 12}, 4, 3, 1, 1);
      geometry.kernel_width = kernel_width;
      geometry.stride_width = stride_width;
      geometry.padding_width = padding_width;
      ExpectAllAreTheConvolution(geometry, 2, 2);
      std::swap(geometry.kernel_height, geometry.kernel_width);
      std::swap(geometry.stride_height, geometry.stride_width);
      std::swap(geometry.padding_height, geometry.padding_width);
      ExpectAllAreTheConvolution(geometry, 2, 2);
    }
  }
}

TEST_F(Convolution, Groups) {
  for (const int stride : {1, 2}) {
    for (const int kernel : {1, 3}) {
      for (const ConvolutionGeometry& geometry : {
               Square({4, 6, 7}, 6, kernel, stride, 1, 2),
               Square({34, 5, 5}, 32, kernel, stride, 0, 2),  // wide enough for single kernel rows
               Square({5, 6, 6}, 5, kernel, stride, 1, 5),    // depthwise
               Square({5, 6, 6}, 15, kernel, stride, 1, 5),   // with a channel multiplier
           }) {
        ExpectAllAreTheConvolution(geometry, 3, 3);
      }
    }
  }
}

TEST_F(Convolution, KernelOfTheInputsSize) {
  for (const int channels : {1, 16}) {
    const ConvolutionGeometry geometry = Square({channels, 5, 5}, 20, 5, 1, 0);
    ExpectAllAreTheConvolution(geometry, 6, 6);
  }
}

TEST_F(Convolution, WindowsThatSeeOnlyPadding) {
  const ConvolutionGeometry geometry = Square({9, 2, 2}, 3, 3, 1, 4);
  ExpectAllAreTheConvolution(geometry, 2, 2);
}

TEST_F(Convolution, EveryBatchUpToTheLargest) {
  // Blocks of several images, the last one shorter; blocks of rows of one image; no blocks.
  for (const ConvolutionGeometry& geometry :
       {Square({16, 6, 6}, 8, 3, 1, 1), Square({1, 12, 12}, 6, 5, 1, 2),
        Square({40, 40, 40}, 2, 5, 2, 2), Square({3, 60, 60}, 4, 7, 2, 3),
        Square({16, 7, 7}, 8, 1, 1, 0)}) {
    const int max_batch = geometry.input.size() > 10'000 ? 3 : 33;
    for (int batch = 1; batch <= max_batch; batch += batch < 4 ? 1 : 7) {
      ExpectAllAreTheConvolution(geometry, max_batch, batch);
    }
    ExpectAllAreTheConvolution(geometry, max_batch, max_batch);
  }
}

TEST_F(Convolution, LargeWeights) {
  const ConvolutionGeometry geometry = Square({160, 4, 4}, 170, 3, 1, 1);
  ExpectAllAreTheConvolution(geometry, 4, 4);
}

TEST_F(Convolution, LoweringServesWhatPointwiseServes) {
  for (const int groups : {1, 4}) {
    const ConvolutionGeometry geometry = Square({16, 5, 6}, 12, 1, 1, 0, groups);
    ASSERT_TRUE(PointwiseConvolution::Serves(geometry));
    ExpectIsTheConvolution(GemmConvolution(geometry, 4), geometry, 4);
    ExpectIsTheConvolution(PointwiseConvolution(geometry), geometry, 4);
  }
}

TEST_F(Convolution, PointwiseIsChosenForPlain1x1Only) {
  const ConvolutionGeometry plain = Square({4, 5, 5}, 3, 1, 1, 0);
  EXPECT_EQ(MakeConvolution(plain, 1)->name(), "pointwise");
  for (int ConvolutionGeometry::*field :
       {&ConvolutionGeometry::kernel_height, &ConvolutionGeometry::kernel_width,
        &ConvolutionGeometry::stride_height, &ConvolutionGeometry::stride_width,
        &ConvolutionGeometry::padding_height, &ConvolutionGeometry::padding_width}) {
    ConvolutionGeometry other = plain;
    ++(other.*field);
    EXPECT_NE(MakeConvolution(other, 1)->name(), "pointwise") << Describe(other);
  }
}

TEST_F(Convolution, AChoiceIsTakenWhereItServesAndProductsElsewhere) {
  const auto names = [](const ConvolutionGeometry& geometry) {
    std::vector<std::string_view> answer;
    for (const ConvolutionChoice choice : {ConvolutionChoice::kAuto, ConvolutionChoice::kWinograd,
                                           ConvolutionChoice::kDirect, ConvolutionChoice::kGemm}) {
      answer.push_back(MakeConvolution(geometry, 2, choice)->name());
    }
    return answer;
  };
  using Names = std::vector<std::string_view>;
  EXPECT_EQ(names(Square({16, 9, 9}, 16, 3, 1, 1)),
            (Names{"winograd", "winograd", "windows", "gemm"}));
  EXPECT_EQ(names(Square({16, 9, 9}, 16, 3, 2, 1)), (Names{"windows", "gemm", "windows", "gemm"}));
  EXPECT_EQ(names(Square({16, 9, 9}, 16, 3, 1, 1, 4)),
            (Names{"windows", "gemm", "windows", "gemm"}));
  EXPECT_EQ(names(Square({3, 9, 9}, 6, 3, 1, 1)), (Names{"direct", "gemm", "direct", "gemm"}));
  EXPECT_EQ(names(Square({16, 9, 9}, 16, 1, 1, 0)),
            (Names{"pointwise", "gemm", "windows", "pointwise"}));
  EXPECT_EQ(names(Square({6, 9, 9}, 6, 3, 1, 1, 2)), (Names{"gemm", "gemm", "gemm", "gemm"}));
}

// The geometries of the bit tests: every path there is.
std::vector<ConvolutionGeometry> EveryPath() {
  return {Square({1, 28, 28}, 6, 5, 1, 2),     Square({20, 9, 9}, 200, 6, 1, 0),
          Square({32, 13, 13}, 64, 3, 1, 0),   Square({64, 5, 5}, 64, 3, 1, 0),
          Square({40, 40, 40}, 8, 5, 2, 2),    Square({16, 7, 7}, 24, 1, 1, 0),
          Square({16, 7, 7}, 24, 1, 2, 0),     Square({8, 9, 9}, 8, 3, 1, 1, 8),
          Square({33, 9, 9}, 32, 3, 1, 1),     Square({32, 14, 14}, 32, 5, 1, 2),
          Square({48, 9, 9}, 80, 3, 2, 1),     Square({32, 9, 9}, 32, 3, 2, 1, 8),
          Square({32, 9, 9}, 32, 3, 1, 1, 32), Square({3, 20, 20}, 32, 5, 2, 2),
          Square({256, 4, 4}, 256, 3, 1, 1),   Square({64, 14, 14}, 64, 3, 1, 1),
          Square({32, 53, 51}, 32, 3, 1, 1)};
}

TEST_F(Convolution, BitsDoNotDependOnWhereNumbersLie) {
  for (const ConvolutionGeometry& geometry : EveryPath()) {
    SCOPED_TRACE(Describe(geometry));
    const auto algorithm = MakeConvolution(geometry, 5);
    const ConvolutionNumbers numbers = RandomNumbers(geometry, 5, 3);
    const ConvolutionResults results = RunConvolution(*algorithm, geometry, numbers);
    EXPECT_TRUE(RunConvolution(*algorithm, geometry, numbers) == results) << "the same call again";
    for (const int offset : {1, 3, 8, 13}) {
      EXPECT_TRUE(RunConvolution(*algorithm, geometry, numbers, {.offset = offset}) == results)
          << offset;
    }
  }
}

TEST_F(Convolution, BitsDoNotDependOnTheLargestBatch) {
  for (const ConvolutionGeometry& geometry : EveryPath()) {
    SCOPED_TRACE(Describe(geometry));
    const ConvolutionNumbers numbers = RandomNumbers(geometry, 3, 4);
    const ConvolutionResults results =
        RunConvolution(*MakeConvolution(geometry, 3), geometry, numbers);
    for (const int max_batch : {4, 64}) {
      EXPECT_TRUE(RunConvolution(*MakeConvolution(geometry, max_batch), geometry, numbers) ==
                  results);
    }
  }
}

TEST_F(Convolution, WeightGradientsAddUp) {
  for (const ConvolutionGeometry& geometry : EveryPath()) {
    SCOPED_TRACE(Describe(geometry));
    const auto algorithm = MakeConvolution(geometry, 2);
    const ConvolutionNumbers numbers = RandomNumbers(geometry, 2, 5);
    const ConvolutionResults from_zero = RunConvolution(*algorithm, geometry, numbers);
    const ConvolutionResults from_1000 =
        RunConvolution(*algorithm, geometry, numbers, {.weight_gradient = 1000});
    for (size_t i = 0; i < numbers.weights.size(); ++i) {
      ASSERT_NEAR(from_1000.weight_gradient[i] - 1000, from_zero.weight_gradient[i], 2e-2);
    }
    EXPECT_EQ(from_1000.input_gradient, from_zero.input_gradient);
  }
}

TEST_F(Convolution, InputGradientThatIsNotWantedChangesNothingElse) {
  for (const ConvolutionGeometry& geometry : EveryPath()) {
    SCOPED_TRACE(Describe(geometry));
    const auto algorithm = MakeConvolution(geometry, 3);
    const ConvolutionNumbers numbers = RandomNumbers(geometry, 3, 6);
    const ConvolutionResults with = RunConvolution(*algorithm, geometry, numbers);
    const ConvolutionResults without =
        RunConvolution(*algorithm, geometry, numbers, {.input_gradient = false});
    EXPECT_EQ(without.output, with.output);
    EXPECT_EQ(without.weight_gradient, with.weight_gradient);
  }
}

}  // namespace
}  // namespace lockstep
