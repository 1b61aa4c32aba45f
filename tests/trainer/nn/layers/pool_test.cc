#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/trainer/nn/layer_references.h"
#include "tests/trainer/nn/layer_test_util.h"
#include "trainer/nn/layers/avg_pool.h"
#include "trainer/nn/layers/global_avg_pool.h"
#include "trainer/nn/layers/global_max_pool.h"
#include "trainer/nn/layers/max_pool.h"

namespace lockstep {
namespace {

constexpr PoolOptions kTwoByTwo{
    .kernel_height = 2, .kernel_width = 2, .stride_height = 2, .stride_width = 2};

struct PoolCase {
  Shape input;
  PoolOptions options;
  Shape output;
  int unseen_rows = 0;
  int unseen_columns = 0;
};

// Named by kernel and stride, height x width.
std::string Name(const PoolCase& c) {
  return fmt::format("{} kernel {}x{} stride {}x{} padding {}x{}{}", ToString(c.input),
                     c.options.kernel_height, c.options.kernel_width, c.options.stride_height,
                     c.options.stride_width, c.options.padding_height, c.options.padding_width,
                     c.options.ceil_mode ? " ceil" : "");
}

std::vector<PoolCase> PoolCases() {
  return {
      {{1, 4, 4}, {2, 2, 2, 2}, {1, 2, 2}},
      {{3, 5, 7}, {2, 2, 2, 2}, {3, 2, 3}, 1, 1},
      {{17, 6, 6}, {3, 3, 2, 2}, {17, 2, 2}, 1, 1},      // windows overlap
      {{32, 5, 4}, {1, 1, 1, 1}, {32, 5, 4}},            // one pixel
      {{3, 5, 6}, {1, 1, 2, 3}, {3, 3, 2}, 0, 2},        // gaps between windows
      {{17, 5, 4}, {5, 4, 1, 1}, {17, 1, 1}},            // the whole input
      {{3, 7, 6}, {2, 4, 3, 1}, {3, 2, 3}, 2, 0},        // all four numbers differ
      {{2, 17, 17}, {17, 17, 1, 1}, {2, 1, 1}},          // more pixels than a byte counts
      {{18, 17, 18}, {16, 17, 1, 1}, {18, 2, 2}, 0, 0},  // the same, many channels
      {{3, 6, 7}, {3, 3, 2, 2, 1, 1}, {3, 3, 4}},        // the padding of ResNet's pool
      {{17, 5, 4}, {2, 4, 1, 2, 1, 3}, {17, 6, 4}},      // as much padding as there can be
      {{2, 1, 1}, {3, 3, 1, 1, 2, 2}, {2, 3, 3}},        // one pixel, larger windows
      {{3, 6, 7}, {3, 3, 2, 2, 0, 0, true}, {3, 3, 3}},  // the last row of windows has two rows
      {{17, 7, 8}, {2, 3, 2, 3, 1, 1, true}, {17, 4, 3}},
      {{17, 5, 5}, {1, 1, 3, 3, 0, 0, true}, {17, 2, 2}, 1, 1},  // a third would begin outside
      {{3, 1, 1}, {2, 2, 2, 2, 0, 0, true}, {3, 1, 1}},          // a window larger than the input
  };
}

Array Square(std::vector<double> values) {
  const auto side = static_cast<int>(std::sqrt(values.size()));
  return {.batch = 1,
          .shape = {.channels = 1, .height = side, .width = side},
          .values = std::move(values)};
}

TEST(MaxPool, HandComputed) {
  MaxPool layer(kTwoByTwo);
  LayerRunner runner(layer, {{1, 4, 4}}, 1);
  const Array x = Square({1, 2, 9, 8,    //
                          3, 4, 7, 6,    //
                          5, 0, -1, -2,  //
                          0, 0, -3, -4});
  EXPECT_EQ(runner.Forward(Phase::kTraining, {x}, {}).values, (std::vector<double>{4, 9, 5, -1}));
  EXPECT_EQ(runner.Backward(Square({10, 20, 30, 40}), {}, {true}).inputs[0].values,
            (std::vector<double>{0, 0, 20, 0,   //
                                 0, 10, 0, 0,   //
                                 30, 0, 40, 0,  //
                                 0, 0, 0, 0}));
}

TEST(MaxPool, OverlappingWindowsAddTheirGradients) {
  MaxPool layer({.kernel_height = 2, .kernel_width = 2, .stride_height = 1, .stride_width = 1});
  LayerRunner runner(layer, {{1, 3, 3}}, 1);
  const Array x = Square({0, 0, 0,  //
                          0, 9, 0,  //
                          0, 0, 0});
  EXPECT_EQ(runner.Forward(Phase::kTraining, {x}, {}).values, (std::vector<double>{9, 9, 9, 9}));
  EXPECT_EQ(runner.Backward(Square({1, 2, 4, 8}), {}, {true}).inputs[0].values,
            (std::vector<double>{0, 0, 0, 0, 15, 0, 0, 0, 0}));
}

TEST(MaxPool, OfEqualValuesTheFirstInRowMajorOrderGetsTheGradient) {
  for (const int channels : {1, 17}) {
    MaxPool layer(kTwoByTwo);
    const Shape shape{.channels = channels, .height = 2, .width = 2};
    LayerRunner runner(layer, {shape}, 1);
    Array x = Zeros(1, shape);
    Array dy = Zeros(1, {.channels = channels});
    for (int c = 0; c < channels; ++c) {
      x.at(0, c, 0, 1) = 5;
      x.at(0, c, 1, 0) = 5;
      dy.at(0, c, 0, 0) = 1;
    }
    runner.Forward(Phase::kTraining, {x}, {});
    const Array dx = runner.Backward(dy, {}, {true}).inputs[0];
    for (int c = 0; c < channels; ++c) {
      EXPECT_EQ(dx.at(0, c, 0, 1), 1);
      EXPECT_EQ(dx.at(0, c, 1, 0), 0);
    }
  }
}

TEST(MaxPool, NanIsTheLargestWhereverItStands) {
  for (const int channels : {1, 17}) {
    for (int position = 0; position < 4; ++position) {
      MaxPool layer(kTwoByTwo);
      const Shape shape{.channels = channels, .height = 2, .width = 2};
      LayerRunner runner(layer, {shape}, 1);
      Array x = Zeros(1, shape);
      x.at(0, channels - 1, position / 2, position % 2) = std::numeric_limits<double>::quiet_NaN();
      const Array y = runner.Forward(Phase::kTraining, {x}, {});
      EXPECT_TRUE(std::isnan(y.values.back())) << "position " << position;
    }
  }
}

TEST(MaxPool, KeepsTheLayerContract) {
  for (const PoolCase& c : PoolCases()) {
    SCOPED_TRACE(Name(c));
    MaxPool layer(c.options);
    ExpectKeepsContract(layer, PoolReference(PoolKind::kMax, c.options), {.inputs = {c.input}});
  }
}

TEST(MaxPool, SavesOneByteForEachOutputOfASmallWindow) {
  MaxPool layer(kTwoByTwo);
  const LayerRunner runner(layer, {{3, 6, 8}}, 5);
  EXPECT_EQ(runner.plan().saved_bytes, 5 * 3 * 3 * 4);
}

TEST(MaxPool, PaddingIsNeverTheLargest) {
  MaxPool layer({.kernel_height = 2,
                 .kernel_width = 2,
                 .stride_height = 2,
                 .stride_width = 2,
                 .padding_height = 1,
                 .padding_width = 1});
  LayerRunner runner(layer, {{1, 2, 2}}, 1);
  const Array x = Square({-1, -2,  //
                          -3, -4});
  EXPECT_EQ(runner.Forward(Phase::kTraining, {x}, {}).values,
            (std::vector<double>{-1, -2, -3, -4}));
}

TEST(MaxPool, OnlyWholeWindowsOfTwoByTwoHalve) {
  const auto halves = [](const PoolOptions& options, const Shape& input) {
    MaxPool layer(options);
    const LayerRunner runner(layer, {input}, 1);
    return layer.Halves();
  };
  PoolOptions ceil = kTwoByTwo;
  ceil.ceil_mode = true;
  PoolOptions padded = kTwoByTwo;
  padded.padding_width = 1;
  EXPECT_TRUE(halves(kTwoByTwo, {3, 5, 5}));
  EXPECT_TRUE(halves(ceil, {3, 6, 6}));
  EXPECT_FALSE(halves(ceil, {3, 6, 5}));
  EXPECT_FALSE(halves(padded, {3, 6, 6}));
}

TEST(AvgPool, PaddingCountsAsZerosOrNotAtAll) {
  const PoolOptions options{.kernel_height = 3,
                            .kernel_width = 3,
                            .stride_height = 2,
                            .stride_width = 2,
                            .padding_height = 1,
                            .padding_width = 1,
                            .ceil_mode = true};
  const Array x = Square({36, 36,  //
                          36, 36});
  AvgPool of_windows(options);
  // The second window of a row begins at the input's last column; the third would at no column.
  EXPECT_EQ(LayerRunner(of_windows, {{1, 2, 2}}, 1).Forward(Phase::kTraining, {x}, {}).values,
            (std::vector<double>{16, 12, 12, 9}));
  AvgPool of_pixels(options, MeanOver::kPixels);
  EXPECT_EQ(LayerRunner(of_pixels, {{1, 2, 2}}, 1).Forward(Phase::kTraining, {x}, {}).values,
            (std::vector<double>{36, 36, 36, 36}));
}

TEST(AvgPool, HandComputed) {
  AvgPool layer({.kernel_height = 2, .kernel_width = 2, .stride_height = 1, .stride_width = 1});
  LayerRunner runner(layer, {{1, 3, 3}}, 1);
  const Array x = Square({1, 2, 3,  //
                          4, 5, 6,  //
                          7, 8, 9});
  EXPECT_EQ(runner.Forward(Phase::kTraining, {x}, {}).values, (std::vector<double>{3, 4, 6, 7}));
  EXPECT_EQ(runner.Backward(Square({4, 8, 12, 16}), {}, {true}).inputs[0].values,
            (std::vector<double>{1, 3, 2,   //
                                 4, 10, 6,  //
                                 3, 7, 4}));
}

TEST(AvgPool, KeepsTheLayerContract) {
  for (const PoolCase& c : PoolCases()) {
    SCOPED_TRACE(Name(c));
    AvgPool layer(c.options);
    ExpectKeepsContract(layer, PoolReference(PoolKind::kMean, c.options), {.inputs = {c.input}});
    AvgPool of_pixels(c.options, MeanOver::kPixels);
    ExpectKeepsContract(of_pixels, PoolReference(PoolKind::kMeanOfPixels, c.options),
                        {.inputs = {c.input}});
  }
}

TEST(GlobalAvgPool, HandComputed) {
  GlobalAvgPool layer;
  LayerRunner runner(layer, {{2, 1, 2}}, 1);
  const Array x{.batch = 1, .shape = {2, 1, 2}, .values = {1, 3, 10, 30}};
  EXPECT_EQ(runner.Forward(Phase::kTraining, {x}, {}).values, (std::vector<double>{2, 20}));
  const Array dy{.batch = 1, .shape = {2}, .values = {8, 6}};
  EXPECT_EQ(runner.Backward(dy, {}, {true}).inputs[0].values, (std::vector<double>{4, 4, 3, 3}));
}

TEST(GlobalAvgPool, KeepsTheLayerContract) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 5, 4}, Shape{17, 7, 7}}) {
    SCOPED_TRACE(ToString(shape));
    GlobalAvgPool layer;
    ExpectKeepsContract(layer, PoolReference(PoolKind::kMean, {shape.height, shape.width, 1, 1}),
                        {.inputs = {shape}});
  }
}

TEST(GlobalMaxPool, HandComputed) {
  GlobalMaxPool layer;
  LayerRunner runner(layer, {{2, 1, 2}}, 1);
  const Array x{.batch = 1, .shape = {2, 1, 2}, .values = {1, 3, 30, 10}};
  EXPECT_EQ(runner.Forward(Phase::kTraining, {x}, {}).values, (std::vector<double>{3, 30}));
  const Array dy{.batch = 1, .shape = {2}, .values = {8, 6}};
  EXPECT_EQ(runner.Backward(dy, {}, {true}).inputs[0].values, (std::vector<double>{0, 8, 6, 0}));
}

TEST(GlobalMaxPool, KeepsTheLayerContract) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 5, 4}, Shape{17, 7, 7}}) {
    SCOPED_TRACE(ToString(shape));
    GlobalMaxPool layer;
    ExpectKeepsContract(layer, PoolReference(PoolKind::kMax, {shape.height, shape.width, 1, 1}),
                        {.inputs = {shape}});
  }
}

TEST(PoolGeometry, CountsWindowsAndWhatNoneOfThemSees) {
  for (const PoolCase& c : PoolCases()) {
    SCOPED_TRACE(Name(c));
    const LayerPlan plan = PoolGeometry(c.input, c.options).Plan();
    EXPECT_EQ(ToString(plan.output), ToString(c.output));
    EXPECT_EQ(plan.unseen_rows, c.unseen_rows);
    EXPECT_EQ(plan.unseen_columns, c.unseen_columns);
    EXPECT_EQ(plan.flops, c.output.size() * c.options.kernel_height * c.options.kernel_width);
  }
}

TEST(PoolGeometry, RefusesSettingsThatDoNotFitAndSaysWhatWould) {
  struct Refusal {
    PoolOptions options;
    std::string field;
    std::string message;
  };
  const std::vector<Refusal> refusals = {
      {{7, 2, 2, 2}, "kernel_height", "must be at most 5 (input 5x6), is 7"},
      {{2, 7, 2, 2}, "kernel_width", "must be at most 6 (input 5x6), is 7"},
      {{0, 2, 2, 2}, "kernel_height", "must be at least 1, is 0"},
      {{2, -1, 2, 2}, "kernel_width", "must be at least 1, is -1"},
      {{2, 2, 0, 2}, "stride_height", "must be at least 1, is 0"},
      {{2, 2, 2, 0}, "stride_width", "must be at least 1, is 0"},
      {{2, 2, 2, 2, -1, 0}, "padding_height", "must be at least 0, is -1"},
      {{3, 2, 2, 2, 2, 2}, "padding_width", "must be less than the kernel's width (2), is 2"},
      {{2, 9, 2, 2, 0, 1}, "kernel_width", "must be at most 8 (input 5x6), is 9"},
      {{7, 2, 2, 2, 0, 0, true}, "kernel_height", "must be at most 6 (input 5x6), is 7"},
  };
  for (const Refusal& refusal : refusals) {
    MaxPool max_pool(refusal.options);
    ExpectRefuses(max_pool, {{3, 5, 6}}, refusal.field, refusal.message);
    AvgPool avg_pool(refusal.options);
    ExpectRefuses(avg_pool, {{3, 5, 6}}, refusal.field, refusal.message);
  }
}

}  // namespace
}  // namespace lockstep
