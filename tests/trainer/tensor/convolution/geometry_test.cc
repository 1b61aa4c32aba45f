#include "trainer/tensor/convolution/geometry.h"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(ConvolutionGeometry, LenetsLayers) {
  const ConvolutionGeometry first{.input = {1, 28, 28},
                                  .filters = 6,
                                  .kernel_height = 5,
                                  .kernel_width = 5,
                                  .padding_height = 2,
                                  .padding_width = 2};
  EXPECT_EQ(first.output(), (Shape{6, 28, 28}));
  EXPECT_EQ(first.weights(), 150);
  EXPECT_EQ(first.flops(), 2 * 25 * 6 * 28 * 28);
  const ConvolutionGeometry second{
      .input = {6, 14, 14}, .filters = 16, .kernel_height = 5, .kernel_width = 5};
  EXPECT_EQ(second.output(), (Shape{16, 10, 10}));
  EXPECT_EQ(second.weights(), 2400);
}

TEST(ConvolutionGeometry, HeightAndWidthDoNotMix) {
  const ConvolutionGeometry geometry{.input = {3, 20, 11},
                                     .filters = 4,
                                     .kernel_height = 5,
                                     .kernel_width = 2,
                                     .stride_height = 3,
                                     .stride_width = 2,
                                     .padding_height = 1,
                                     .padding_width = 0};
  EXPECT_EQ(geometry.output(), (Shape{4, 6, 5}));  // (20 + 2 - 5) / 3 + 1, (11 - 2) / 2 + 1
}

TEST(ConvolutionGeometry, GroupsDivideWeightsAndWork) {
  const ConvolutionGeometry whole{
      .input = {8, 6, 6}, .filters = 12, .kernel_height = 3, .kernel_width = 3};
  ConvolutionGeometry grouped = whole;
  grouped.groups = 4;
  EXPECT_EQ(grouped.group_channels(), 2);
  EXPECT_EQ(grouped.group_filters(), 3);
  EXPECT_EQ(grouped.weights(), whole.weights() / 4);
  EXPECT_EQ(grouped.flops(), whole.flops() / 4);
  EXPECT_EQ(grouped.output(), whole.output());
}

TEST(ConvolutionGeometry, UnseenRowsAreThoseBelowTheLastWindow) {
  ConvolutionGeometry geometry{.input = {1, 10, 9}, .kernel_height = 3, .kernel_width = 3};
  geometry.stride_height = 3;
  geometry.stride_width = 3;
  EXPECT_EQ(geometry.unseen_rows(), 1);  // windows end at rows 3, 6, 9
  EXPECT_EQ(geometry.unseen_columns(), 0);
}

TEST(ConvolutionGeometry, PaddingThatNoWindowReachesIsNotUnseenInput) {
  // Padded height 12; windows at -1 and 4 end at 2 and 7: rows 7, 8, 9 are unseen.
  ConvolutionGeometry geometry{
      .input = {1, 10, 4}, .kernel_height = 3, .stride_height = 5, .padding_height = 1};
  EXPECT_EQ(geometry.unseen_rows(), 3);
  // Padded height 12, windows end at 2, 6, 10: only one row of padding is left over.
  geometry.stride_height = 4;
  EXPECT_EQ(geometry.unseen_rows(), 0);
}

TEST(ConvolutionGeometry, KernelOfTheInputsSizeSeesItOnce) {
  const ConvolutionGeometry geometry{
      .input = {2, 7, 5}, .filters = 3, .kernel_height = 7, .kernel_width = 5};
  EXPECT_EQ(geometry.output(), (Shape{3, 1, 1}));
  EXPECT_EQ(geometry.unseen_rows(), 0);
  EXPECT_EQ(geometry.unseen_columns(), 0);
}

}  // namespace
}  // namespace lockstep
