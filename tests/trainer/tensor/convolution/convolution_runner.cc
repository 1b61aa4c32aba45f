#include "tests/trainer/tensor/convolution/convolution_runner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "tests/trainer/tensor/convolution/naive_convolution.h"
#include "trainer/base/random.h"
#include "trainer/tensor/aligned_buffer.h"

namespace lockstep {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = 12345;
constexpr int kGuards = 16;

// Floats at a chosen distance from a cache line, between guards.
class Memory {
 public:
  Memory(size_t size, int offset, float value)
      : size_(size), begin_(kGuards + offset), buffer_(begin_ + size + kGuards) {
    std::ranges::fill(buffer_.span(), kGuard);
    std::ranges::fill(values(), value);
  }
  Memory(const std::vector<float>& values_to_hold, int offset)
      : Memory(values_to_hold.size(), offset, 0) {
    std::ranges::copy(values_to_hold, values().begin());
  }

  std::span<float> values() const { return buffer_.span().subspan(begin_, size_); }
  float* data() const { return values().data(); }
  std::vector<float> Copy() const { return {values().begin(), values().end()}; }
  bool intact() const {
    const auto untouched = [](float value) { return value == kGuard; };
    return std::ranges::all_of(buffer_.span().first(begin_), untouched) &&
           std::ranges::all_of(buffer_.span().last(kGuards), untouched);
  }

 private:
  size_t size_;
  size_t begin_;
  AlignedBuffer<float> buffer_;
};

// The numbers of an A x B x C x D array, permuted so that axis axes[i] comes i-th.
template <typename To, typename From>
std::vector<To> Permute(const std::vector<From>& from, const std::array<int64_t, 4>& dims,
                        const std::array<int, 4>& axes) {
  const std::array<int64_t, 4> strides = {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3],
                                          1};
  std::vector<To> to;
  to.reserve(from.size());
  std::array<int64_t, 4> i{};
  for (i[0] = 0; i[0] < dims[axes[0]]; ++i[0]) {
    for (i[1] = 0; i[1] < dims[axes[1]]; ++i[1]) {
      for (i[2] = 0; i[2] < dims[axes[2]]; ++i[2]) {
        for (i[3] = 0; i[3] < dims[axes[3]]; ++i[3]) {
          int64_t index = 0;
          for (int axis = 0; axis < 4; ++axis) {
            index += i[axis] * strides[axes[axis]];
          }
          to.push_back(static_cast<To>(from[index]));
        }
      }
    }
  }
  return to;
}

std::vector<double> ToNchw(const std::vector<float>& nhwc, int batch, const Shape& shape) {
  return Permute<double>(nhwc, {batch, shape.height, shape.width, shape.channels}, {0, 3, 1, 2});
}

std::vector<double> ToOihw(const std::vector<float>& hwio, const ConvolutionGeometry& geometry) {
  return Permute<double>(
      hwio,
      {geometry.kernel_height, geometry.kernel_width, geometry.group_channels(), geometry.filters},
      {3, 2, 0, 1});
}

void ExpectClose(const std::vector<double>& actual, const std::vector<double>& expected,
                 double tolerance, const char* what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double scale = std::numeric_limits<double>::min();
  for (const double value : expected) {
    scale = std::max(scale, std::abs(value));
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], tolerance * scale) << what << ", element " << i;
  }
}

}  // namespace

std::string Describe(const ConvolutionGeometry& geometry) {
  return fmt::format("{}x{}x{}, {} filters {}x{}, stride {}x{}, padding {}x{}, {} groups",
                     geometry.input.channels, geometry.input.height, geometry.input.width,
                     geometry.filters, geometry.kernel_height, geometry.kernel_width,
                     geometry.stride_height, geometry.stride_width, geometry.padding_height,
                     geometry.padding_width, geometry.groups);
}

ConvolutionGeometry Square(Shape input, int filters, int kernel, int stride, int padding,
                           int groups) {
  return {.input = input,
          .filters = filters,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .stride_height = stride,
          .stride_width = stride,
          .padding_height = padding,
          .padding_width = padding,
          .groups = groups};
}

ConvolutionNumbers RandomNumbers(const ConvolutionGeometry& geometry, int batch, uint64_t seed) {
  RandomStream stream(seed, {.purpose = Purpose::kAugment});
  const auto draw = [&](int64_t size) {
    std::vector<float> values(size);
    for (float& value : values) {
      value = stream.Normal();
    }
    return values;
  };
  return {.batch = batch,
          .weights = draw(geometry.weights()),
          .input = draw(batch * geometry.input.size()),
          .output_gradient = draw(batch * geometry.output().size())};
}

ConvolutionResults RunConvolution(const ConvolutionAlgorithm& algorithm,
                                  const ConvolutionGeometry& geometry,
                                  const ConvolutionNumbers& numbers, const RunOptions& options) {
  const int batch = numbers.batch;
  const Shape output_shape = geometry.output();
  const Memory weights(numbers.weights, options.offset);
  const Memory input(numbers.input, options.offset);
  const Memory output_gradient(numbers.output_gradient, options.offset);
  const Memory output(numbers.output_gradient.size(), options.offset, kNan);
  const Memory weight_gradient(numbers.weights.size(), options.offset, options.weight_gradient);
  const Memory input_gradient(numbers.input.size(), options.offset, kNan);
  const Memory scratch(algorithm.scratch_bytes() / sizeof(float), 0, kNan);

  const Memory prepared(algorithm.prepared_bytes() / sizeof(float), 0, kNan);
  algorithm.Prepare(weights.data(), std::as_writable_bytes(prepared.values()));
  const ConvolutionWeights prepared_weights{weights.data(), std::as_bytes(prepared.values())};

  algorithm.Forward(prepared_weights, {input.data(), batch, geometry.input},
                    {output.data(), batch, output_shape}, std::as_writable_bytes(scratch.values()));
  std::ranges::fill(scratch.values(), kNan);
  algorithm.Backward(
      prepared_weights, {input.data(), batch, geometry.input},
      {output_gradient.data(), batch, output_shape},
      {.weights = weight_gradient.data(),
       .input = {options.input_gradient ? input_gradient.data() : nullptr, batch, geometry.input}},
      std::as_writable_bytes(scratch.values()));
  for (const Memory* memory : {&weights, &input, &output_gradient, &output, &weight_gradient,
                               &input_gradient, &scratch, &prepared}) {
    EXPECT_TRUE(memory->intact()) << "written outside";
  }
  return {.output = output.Copy(),
          .weight_gradient = weight_gradient.Copy(),
          .input_gradient = options.input_gradient ? input_gradient.Copy() : std::vector<float>()};
}

void ExpectIsTheConvolution(const ConvolutionAlgorithm& algorithm,
                            const ConvolutionGeometry& geometry, int batch, uint64_t seed) {
  SCOPED_TRACE(fmt::format("{}: {}, batch {}", algorithm.name(), Describe(geometry), batch));
  // What winograd_convolution.h says of its rounding errors.
  const double tolerance = algorithm.name() == "winograd" ? 3e-5 : 1e-5;
  const ConvolutionNumbers numbers = RandomNumbers(geometry, batch, seed);
  const ConvolutionResults results = RunConvolution(algorithm, geometry, numbers);
  const std::vector<double> weights = ToOihw(numbers.weights, geometry);
  const std::vector<double> input = ToNchw(numbers.input, batch, geometry.input);
  ExpectClose(ToNchw(results.output, batch, geometry.output()),
              NaiveForward(geometry, batch, weights, input), tolerance, "output");
  const NaiveGradients gradients = NaiveBackward(
      geometry, batch, weights, input, ToNchw(numbers.output_gradient, batch, geometry.output()));
  ExpectClose(ToOihw(results.weight_gradient, geometry), gradients.weights, tolerance,
              "weight gradient");
  ExpectClose(ToNchw(results.input_gradient, batch, geometry.input), gradients.input, tolerance,
              "input gradient");
}

}  // namespace lockstep
