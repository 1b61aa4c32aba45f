#include "trainer/tensor/convolution/lowering.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "trainer/base/random.h"

namespace lockstep {
namespace {

// Small whole numbers, so that sums are exact.
std::vector<float> RandomIntegers(int64_t size, uint32_t sample) {
  RandomStream stream(1, {.purpose = Purpose::kAugment, .sample = sample});
  std::vector<float> numbers(size);
  for (float& number : numbers) {
    number = static_cast<float>(stream.Below(17)) - 8;
  }
  return numbers;
}

const std::vector<ConvolutionGeometry>& Geometries() {
  static const std::vector<ConvolutionGeometry> kGeometries = {
      {.input = {2, 5, 6}, .kernel_height = 3, .kernel_width = 2},
      {.input = {3, 7, 5},
       .kernel_height = 3,
       .kernel_width = 3,
       .stride_height = 2,
       .stride_width = 3,
       .padding_height = 1,
       .padding_width = 2},
      {.input = {1, 4, 4},
       .kernel_height = 2,
       .kernel_width = 5,
       .stride_height = 3,
       .padding_height = 2,
       .padding_width = 3},
      {.input = {6, 8, 3},
       .filters = 3,
       .kernel_height = 5,
       .kernel_width = 3,
       .stride_height = 2,
       .padding_height = 3,
       .padding_width = 1,
       .groups = 3},
  };
  return kGeometries;
}

// Some images, one image, a band at the top and one at the bottom.
std::vector<OutputBlock> Blocks(const ConvolutionGeometry& geometry) {
  const int height = geometry.output().height;
  return {{.images = 3, .first_row = 0, .rows = height},
          {.images = 1, .first_row = 0, .rows = height},
          {.images = 1, .first_row = 0, .rows = 1},
          {.images = 1, .first_row = height - 1, .rows = 1}};
}

// Calls test(lowering, geometry, block, group) for all of the above, lowered in both ways.
template <typename Test>
void ForEachCase(Test test) {
  for (const ConvolutionGeometry& geometry : Geometries()) {
    for (const int kernel_rows : {1, geometry.kernel_height}) {
      const Lowering lowering(geometry, kernel_rows);
      for (const OutputBlock& block : Blocks(geometry)) {
        for (int group = 0; group < geometry.groups; ++group) {
          SCOPED_TRACE(testing::Message()
                       << ToString(geometry.input) << ", " << kernel_rows << " kernel rows, "
                       << block.images << " images, rows from " << block.first_row << ", group "
                       << group);
          test(lowering, geometry, block, group);
        }
      }
    }
  }
}

TEST(Lowering, WholeWindowsOfOneChannel) {
  // 1 2 3
  // 4 5 6, padded by a column on both sides
  const std::vector<float> pixels = {1, 2, 3, 4, 5, 6};
  const Lowering lowering({.input = {.channels = 1, .height = 2, .width = 3},
                           .kernel_height = 2,
                           .kernel_width = 2,
                           .padding_width = 1},
                          2);
  const OutputBlock block{.images = 1, .first_row = 0, .rows = 1};
  ASSERT_EQ(lowering.MatrixSize(block), 16);
  std::vector<float> matrix(16, NAN);
  lowering.Lower(block, 0, {pixels.data(), 1, {1, 2, 3}}, matrix.data());
  EXPECT_EQ(matrix, (std::vector<float>{0, 1, 0, 4, 1, 2, 4, 5, 2, 3, 5, 6, 3, 0, 6, 0}));
}

TEST(Lowering, SingleKernelRowsAreShared) {
  // Two images of one column; windows of two rows.
  const std::vector<float> pixels = {1, 2, 3, 10, 20, 30};
  const Lowering lowering({.input = {.channels = 1, .height = 3, .width = 1}, .kernel_height = 2},
                          1);
  const OutputBlock block{.images = 2, .first_row = 0, .rows = 2};
  ASSERT_TRUE(lowering.Interleaves(block));
  ASSERT_EQ(lowering.MatrixSize(block), 6);
  std::vector<float> matrix(6, NAN);
  lowering.Lower(block, 0, {pixels.data(), 2, {1, 3, 1}}, matrix.data());
  EXPECT_EQ(matrix, (std::vector<float>{1, 10, 2, 20, 3, 30}));
  EXPECT_EQ(lowering.Positions(block), 4);
  EXPECT_EQ(lowering.FirstRow(block, 0), 0);
  EXPECT_EQ(lowering.FirstRow(block, 1), 2);
}

// The number of a window of the input, 0 in the padding.
float WindowValue(const ConvolutionGeometry& g, ConstTensor input, int image, int output_row,
                  int output_column, int kernel_row, int kernel_column, int channel) {
  const int y = output_row * g.stride_height - g.padding_height + kernel_row;
  const int x = output_column * g.stride_width - g.padding_width + kernel_column;
  if (y < 0 || y >= g.input.height || x < 0 || x >= g.input.width) {
    return 0;
  }
  return input.sample(image)[(int64_t{y} * g.input.width + x) * g.input.channels + channel];
}

TEST(Lowering, EveryProductTakesTheWindowsOfTheBlock) {
  ForEachCase([](const Lowering& lowering, const ConvolutionGeometry& g, const OutputBlock& block,
                 int group) {
    const std::vector<float> pixels = RandomIntegers(block.images * g.input.size(), 1);
    const ConstTensor input{pixels.data(), block.images, g.input};
    std::vector<float> matrix(lowering.MatrixSize(block), NAN);
    lowering.Lower(block, group, input, matrix.data());
    const int width = g.output().width;
    const int kernel_rows = g.kernel_height / lowering.products();
    for (int product = 0; product < lowering.products(); ++product) {
      const float* next = matrix.data() + lowering.FirstRow(block, product) * lowering.depth();
      for (int64_t position = 0; position < lowering.Positions(block); ++position) {
        const auto column = static_cast<int>(position % width);
        const auto line = static_cast<int>(position / width);
        const bool interleaves = lowering.Interleaves(block);
        const int image = interleaves ? line % block.images : line / block.rows;
        const int row = block.first_row + (interleaves ? line / block.images : line % block.rows);
        for (int i = 0; i < kernel_rows; ++i) {
          for (int j = 0; j < g.kernel_width; ++j) {
            for (int c = 0; c < g.group_channels(); ++c) {
              ASSERT_EQ(*next++,
                        WindowValue(g, input, image, row, column, product * kernel_rows + i, j,
                                    group * g.group_channels() + c))
                  << "product " << product << ", position " << position;
            }
          }
        }
      }
    }
  });
}

TEST(Lowering, AddRaisedIsTheAdjointOfLower) {
  ForEachCase([](const Lowering& lowering, const ConvolutionGeometry& g, const OutputBlock& block,
                 int group) {
    const std::vector<float> pixels = RandomIntegers(block.images * g.input.size(), 2);
    const std::vector<float> slopes = RandomIntegers(lowering.MatrixSize(block), 3);
    std::vector<float> matrix(slopes.size(), NAN);
    lowering.Lower(block, group, {pixels.data(), block.images, g.input}, matrix.data());
    std::vector<float> raised(pixels.size());
    lowering.AddRaised(block, group, slopes.data(), {raised.data(), block.images, g.input});
    EXPECT_EQ(std::inner_product(matrix.begin(), matrix.end(), slopes.begin(), 0.0),
              std::inner_product(pixels.begin(), pixels.end(), raised.begin(), 0.0));
  });
}

TEST(Lowering, AddRaisedAddsToWhatIsThere) {
  const Lowering lowering({.input = {.channels = 1, .height = 1, .width = 3}, .kernel_width = 2},
                          1);
  const std::vector<float> matrix = {1, 2, 3, 4};
  std::vector<float> gradient = {100, 200, 300};
  lowering.AddRaised({.images = 1, .first_row = 0, .rows = 1}, 0, matrix.data(),
                     {gradient.data(), 1, {1, 1, 3}});
  EXPECT_EQ(gradient, (std::vector<float>{101, 205, 304}));
}

}  // namespace
}  // namespace lockstep
