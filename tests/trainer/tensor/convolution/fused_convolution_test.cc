#include "trainer/tensor/convolution/fused_convolution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "tests/trainer/tensor/convolution/convolution_runner.h"
#include "trainer/tensor/aligned_buffer.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/convolution/gemm_convolution.h"
#include "trainer/tensor/convolution/winograd_convolution.h"

namespace lockstep {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr double kTolerance = 3e-5;  // of the largest number

struct Case {
  ConvolutionGeometry geometry;
  Pooling pooling;
  int batch;
};

struct Results {
  std::vector<float> output;
  std::vector<std::byte> kept;
  ConvolutionResults convolution;  // its output is that before bias, relu and pooling: empty here
  std::vector<float> bias_gradient;

  bool operator==(const Results&) const = default;
};

struct Numbers {
  ConvolutionNumbers convolution;
  std::vector<float> bias;
  std::vector<float> output_gradient;  // after everything
};

Numbers RandomNumbers(const Case& test) {
  Numbers numbers{.convolution = RandomNumbers(test.geometry, test.batch, 7),
                  .bias = {},
                  .output_gradient = {}};
  const ConvolutionNumbers more = RandomNumbers(test.geometry, test.batch, 8);
  for (int i = 0; i < test.geometry.filters; ++i) {
    numbers.bias.push_back(3 * more.weights[i]);
  }
  numbers.output_gradient = more.output_gradient;  // the first of them are used
  return numbers;
}

Results RunFused(const FusedConvolution& fused, const Case& test, const Numbers& numbers) {
  const Shape shape = fused.output();
  const auto outputs = static_cast<size_t>(test.batch * shape.size());
  Results results{.output = std::vector<float>(outputs, kNan),
                  .kept = std::vector<std::byte>(test.batch * fused.kept_bytes(), std::byte{99}),
                  .convolution = {},
                  .bias_gradient = std::vector<float>(test.geometry.filters)};
  results.convolution.weight_gradient.resize(numbers.convolution.weights.size());
  results.convolution.input_gradient.assign(numbers.convolution.input.size(), kNan);
  const AlignedBuffer<std::byte> scratch(fused.scratch_bytes());
  std::ranges::fill(scratch.span(), std::byte{0xff});
  const AlignedBuffer<std::byte> prepared(fused.prepared_bytes());
  fused.Prepare(numbers.convolution.weights.data(), prepared.span());
  const FusedParameters parameters{.weights = {numbers.convolution.weights.data(), prepared.span()},
                                   .bias = numbers.bias.data()};
  const ConstTensor input{numbers.convolution.input.data(), test.batch, test.geometry.input};
  std::vector<float> without_kept(outputs, kNan);
  fused.Forward(parameters, input, {without_kept.data(), test.batch, shape}, {}, scratch.span());
  std::ranges::fill(scratch.span(), std::byte{0xff});
  fused.Forward(parameters, input, {results.output.data(), test.batch, shape}, results.kept,
                scratch.span());
  EXPECT_EQ(std::memcmp(without_kept.data(), results.output.data(), outputs * sizeof(float)), 0);
  std::ranges::fill(scratch.span(), std::byte{0xff});
  fused.Backward(parameters, input, {results.output.data(), test.batch, shape}, results.kept,
                 {numbers.output_gradient.data(), test.batch, shape},
                 {.convolution = {.weights = results.convolution.weight_gradient.data(),
                                  .input = {results.convolution.input_gradient.data(), test.batch,
                                            test.geometry.input}},
                  .bias = results.bias_gradient.data()},
                 scratch.span());
  return results;
}

void ExpectClose(const std::vector<float>& actual, const std::vector<float>& expected,
                 const char* what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double scale = std::numeric_limits<double>::min();
  for (const float value : expected) {
    scale = std::max<double>(scale, std::abs(value));
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], kTolerance * scale) << what << ", element " << i;
  }
}

// Where the numbers of a window lie in the convolution's output, for one number after the pooling.
struct WindowPlace {
  size_t output;
  std::vector<size_t> taps;
};

std::vector<WindowPlace> PoolingWindows(const Case& test, const Shape& pooled) {
  const Shape shape = test.geometry.output();
  const int step = test.pooling == Pooling::kNone ? 1 : 2;
  std::vector<WindowPlace> windows;
  for (int n = 0; n < test.batch; ++n) {
    for (int y = 0; y < pooled.height; ++y) {
      for (int x = 0; x < pooled.width; ++x) {
        for (int c = 0; c < pooled.channels; ++c) {
          WindowPlace window{.output = windows.size(), .taps = {}};
          for (int tap = 0; tap < step * step; ++tap) {
            const int row = y * step + tap / step;
            const int column = x * step + tap % step;
            window.taps.push_back(
                ((static_cast<size_t>(n) * shape.height + row) * shape.width + column) *
                    shape.channels +
                c);
          }
          windows.push_back(window);
        }
      }
    }
  }
  return windows;
}

// Holds a fused convolution against a plain one, followed by bias, relu and pooling as they are
// defined. Where a window's largest number is, is taken from the fused one: rounding may tip the
// balance of two.
void ExpectIsConvBiasReluPool(const FusedConvolution& fused, const Case& test) {
  SCOPED_TRACE(testing::Message() << fused.name() << ": " << Describe(test.geometry)
                                  << (test.pooling == Pooling::kNone ? "" : ", pooled"));
  Numbers numbers = RandomNumbers(test);
  const Results results = RunFused(fused, test, numbers);

  const GemmConvolution plain(test.geometry, test.batch);
  std::vector<float> before = RunConvolution(plain, test.geometry, numbers.convolution).output;
  for (size_t i = 0; i < before.size(); ++i) {
    before[i] += numbers.bias[i % numbers.bias.size()];
  }
  std::vector<float> output;
  std::vector<float> bias_gradient(numbers.bias.size());
  std::vector<float>& gradient = numbers.convolution.output_gradient;
  std::ranges::fill(gradient, 0.0F);
  const float largest = *std::ranges::max_element(before);
  for (const WindowPlace& window : PoolingWindows(test, fused.output())) {
    float most = before[window.taps[0]];
    for (const size_t tap : window.taps) {
      most = std::max(most, before[tap]);
    }
    output.push_back(std::max(most, 0.0F));
    const bool passes = results.output[window.output] > 0;
    size_t position = 0;
    if (test.pooling == Pooling::kMax2x2) {
      position = static_cast<size_t>(results.kept[window.output]);
      ASSERT_EQ(position < 4, passes);
    }
    if (passes) {
      ASSERT_NEAR(before[window.taps[position]], most, kTolerance * largest);
      gradient[window.taps[position]] = numbers.output_gradient[window.output];
      bias_gradient[window.output % numbers.bias.size()] += numbers.output_gradient[window.output];
    }
  }
  ExpectClose(results.output, output, "output");
  const ConvolutionResults expected = RunConvolution(plain, test.geometry, numbers.convolution);
  ExpectClose(results.convolution.weight_gradient, expected.weight_gradient, "weight gradient");
  ExpectClose(results.convolution.input_gradient, expected.input_gradient, "input gradient");
  ExpectClose(results.bias_gradient, bias_gradient, "bias gradient");
}

// The algorithm that is chosen.
void ExpectIsConvBiasReluPool(const Case& test) {
  const auto fused = MakeFusedConvolution(test.geometry, test.pooling, test.batch);
  ASSERT_NE(fused, nullptr);
  ExpectIsConvBiasReluPool(*fused, test);
}

class FusedConvolutionTest : public testing::Test {
 protected:
  void SetUp() override { UseOneBlasThread(); }
};

TEST_F(FusedConvolutionTest, IsConvolutionBiasAndRelu) {
  for (int size = 5; size < 14; ++size) {
    ExpectIsConvBiasReluPool({Square({16, size, 19 - size}, 32, 3, 1, 1), Pooling::kNone, 3});
    ExpectIsConvBiasReluPool({Square({32, size, 19 - size}, 16, 5, 1, 2), Pooling::kNone, 2});
  }
}

TEST_F(FusedConvolutionTest, IsConvolutionBiasReluAndPoolingOfOddAndEvenSizes) {
  for (int size = 5; size < 14; ++size) {
    ExpectIsConvBiasReluPool({Square({16, size, 19 - size}, 32, 3, 1, 0), Pooling::kMax2x2, 3});
    ExpectIsConvBiasReluPool({Square({32, size, 19 - size}, 16, 5, 1, 2), Pooling::kMax2x2, 2});
  }
}

TEST_F(FusedConvolutionTest, WinogradTilesOfEverySize) {
  for (const Pooling pooling : {Pooling::kNone, Pooling::kMax2x2}) {
    for (int output_size = 3; output_size <= 6; ++output_size) {
      for (int size = 4; size < 16; ++size) {
        const Case test{Square({16, size, 19 - size}, 32, 3, 1, 1), pooling, 3};
        ExpectIsConvBiasReluPool(
            FusedWinogradConvolution(test.geometry, pooling, test.batch, output_size), test);
      }
    }
  }
}

// Of each image a few rows of tiles at a time.
TEST_F(FusedConvolutionTest, WinogradTilesOfLargeImages) {
  for (const Pooling pooling : {Pooling::kNone, Pooling::kMax2x2}) {
    for (int output_size = 3; output_size <= 6; ++output_size) {
      const Case test{Square({32, 53, 51}, 32, 3, 1, 1), pooling, 2};
      ExpectIsConvBiasReluPool(
          FusedWinogradConvolution(test.geometry, pooling, test.batch, output_size), test);
    }
    ExpectIsConvBiasReluPool({Square({32, 53, 51}, 32, 5, 1, 2), pooling, 2});
  }
}

// Several blocks, of several images each.
TEST_F(FusedConvolutionTest, WinogradTilesOfManyImages) {
  for (int output_size = 3; output_size <= 6; ++output_size) {
    const Case test{Square({64, 10, 10}, 64, 3, 1, 1), Pooling::kMax2x2, 31};
    ExpectIsConvBiasReluPool(FusedWinogradConvolution(test.geometry, test.pooling, 64, output_size),
                             test);
  }
}

TEST_F(FusedConvolutionTest, LayersOfFewChannelsOrFilters) {
  for (const Pooling pooling : {Pooling::kNone, Pooling::kMax2x2}) {
    for (const int filters : {1, 3, 6, 8, 16, 20, 32, 44}) {
      for (const int kernel : {1, 2, 3, 5, 7}) {
        ExpectIsConvBiasReluPool({Square({1, 8, 17}, filters, kernel, 1, kernel / 2), pooling, 3});
        ExpectIsConvBiasReluPool({Square({6, 11, 9}, filters, kernel, 1, 0), pooling, 2});
      }
    }
  }
}

TEST_F(FusedConvolutionTest, Strides) {
  for (const Pooling pooling : {Pooling::kNone, Pooling::kMax2x2}) {
    ConvolutionGeometry geometry = Square({3, 19, 16}, 6, 5, 1, 2);
    geometry.stride_height = 2;
    geometry.stride_width = 3;
    ExpectIsConvBiasReluPool({geometry, pooling, 2});
  }
}

TEST_F(FusedConvolutionTest, BitsDependOnNothingButTheNumbers) {
  for (const Pooling pooling : {Pooling::kNone, Pooling::kMax2x2}) {
    for (const int filters : {6, 64}) {  // direct and Winograd
      for (const int size : {12, 13}) {  // tiles of odd and even size
        const Case test{Square({32, size, size}, filters, 3, 1, 0), pooling, 5};
        const Numbers numbers = RandomNumbers(test);
        const Results results =
            RunFused(*MakeFusedConvolution(test.geometry, pooling, 5), test, numbers);
        EXPECT_TRUE(RunFused(*MakeFusedConvolution(test.geometry, pooling, 64), test, numbers) ==
                    results);
      }
    }
  }
}

TEST_F(FusedConvolutionTest, NanStaysNan) {
  for (const int filters : {6, 16}) {  // direct and Winograd
    for (const int size : {8, 10}) {   // tiles of even and odd size
      const Case test{Square({16, size, size}, filters, 3, 1, 1), Pooling::kMax2x2, 1};
      Numbers numbers = RandomNumbers(test);
      numbers.bias[3] = kNan;
      const Results results =
          RunFused(*MakeFusedConvolution(test.geometry, test.pooling, 1), test, numbers);
      for (size_t i = 0; i < results.output.size(); ++i) {
        ASSERT_EQ(std::isnan(results.output[i]), static_cast<int>(i) % filters == 3) << i;
      }
    }
  }
}

TEST_F(FusedConvolutionTest, AnOutputTooSmallToPoolIsNotServed) {
  const ConvolutionGeometry geometry = Square({16, 3, 9}, 16, 3, 1, 0);
  EXPECT_EQ(MakeFusedConvolution(geometry, Pooling::kMax2x2, 1), nullptr);
  EXPECT_NE(MakeFusedConvolution(geometry, Pooling::kNone, 1), nullptr);
}

}  // namespace
}  // namespace lockstep
