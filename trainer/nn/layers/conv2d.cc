#include "trainer/nn/layers/conv2d.h"

#include <fmt/format.h>

#include <limits>
#include <string>

#include "trainer/nn/layers/build_checks.h"
#include "trainer/nn/layers/channel_bias.h"

namespace lockstep {
namespace {

// Larger settings are typing errors, and would let products of them overflow.
constexpr int kLargestSetting = 65535;

void CheckSetting(const std::string& field, int value, int minimum) {
  CheckAtLeast(field, value, minimum);
  if (value > kLargestSetting) {
    throw LayerError(field, fmt::format("must be at most {}, is {}", kLargestSetting, value));
  }
}

void CheckKernelFits(const std::string& side, int kernel, int input, int padding) {
  const int64_t largest = int64_t{input} + 2 * int64_t{padding};
  if (kernel > largest) {
    throw LayerError("kernel_" + side,
                     fmt::format("must be at most {} (the input's {} is {}, padding adds 2 x {}), "
                                 "is {}",
                                 largest, side, input, padding, kernel));
  }
}

void CheckGroups(const Conv2dOptions& options, int channels) {
  CheckSetting("groups", options.groups, 1);
  if (channels % options.groups != 0 || options.filters % options.groups != 0) {
    throw LayerError("groups", fmt::format("must divide both the input's {} channels and the {} "
                                           "filters, is {}",
                                           channels, options.filters, options.groups));
  }
}

// In double, which cannot overflow.
void CheckCount(double numbers, const std::string& what) {
  constexpr int kMost = std::numeric_limits<int>::max();
  if (numbers > kMost) {
    throw LayerError("filters",
                     fmt::format("gives {:.0f} {}, must be at most {}", numbers, what, kMost));
  }
}

void CheckOptions(const Conv2dOptions& options, const Shape& input) {
  CheckSetting("filters", options.filters, 1);
  CheckSetting("kernel_height", options.kernel_height, 1);
  CheckSetting("kernel_width", options.kernel_width, 1);
  CheckSetting("stride_height", options.stride_height, 1);
  CheckSetting("stride_width", options.stride_width, 1);
  CheckSetting("padding_height", options.padding_height, 0);
  CheckSetting("padding_width", options.padding_width, 0);
  CheckKernelFits("height", options.kernel_height, input.height, options.padding_height);
  CheckKernelFits("width", options.kernel_width, input.width, options.padding_width);
  CheckGroups(options, input.channels);
  const int group_channels = input.channels / options.groups;
  CheckCount(1.0 * options.filters * options.kernel_height * options.kernel_width * group_channels,
             "weights");
}

}  // namespace

LayerPlan Conv2d::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  CheckOptions(options_, context.inputs[0]);
  geometry_ = {.input = context.inputs[0],
               .filters = options_.filters,
               .kernel_height = options_.kernel_height,
               .kernel_width = options_.kernel_width,
               .stride_height = options_.stride_height,
               .stride_width = options_.stride_width,
               .padding_height = options_.padding_height,
               .padding_width = options_.padding_width,
               .groups = options_.groups};
  const Shape output = geometry_.output();
  CheckCount(1.0 * output.channels * output.height * output.width, "output numbers a sample");
  const int64_t height = options_.kernel_height;
  const int64_t width = options_.kernel_width;
  const int64_t channels = geometry_.group_channels();
  const int64_t filters = options_.filters;
  const Fan fan{.in = geometry_.filter_weights(),
                .out = geometry_.group_filters() * height * width};
  weight_ = context.parameters.Add(std::string(context.name),
                                   {.name = "weight",
                                    .memory_dims = {height, width, channels, filters},
                                    .export_axes = {3, 2, 0, 1},
                                    .export_dims = {filters, channels, height, width},
                                    .initializer = options_.initializer,
                                    .fan = fan});
  if (options_.bias) {
    bias_ = AddBias(context, options_.filters, fan);
  }
  convolution_ = MakeConvolution(geometry_, context.max_batch, context.convolutions);
  return {.output = output,
          .scratch_bytes = convolution_->scratch_bytes(),
          .prepared_bytes = convolution_->prepared_bytes(),
          .by_sample = true,
          .flops = geometry_.flops(),
          .unseen_rows = geometry_.unseen_rows(),
          .unseen_columns = geometry_.unseen_columns(),
          .algorithm = convolution_->name()};
}

void Conv2d::Prepare(const NetValues& values, std::span<std::byte> prepared) const {
  convolution_->Prepare(values.Parameter(weight_), prepared);
}

void Conv2d::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                     Tensor output) const {
  convolution_->Forward({context.Value(weight_), context.prepared}, inputs[0], output,
                        context.scratch);
  if (options_.bias) {
    AddChannelBias(context.Value(bias_), output);
  }
}

void Conv2d::Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                      ConstTensor /*output*/, ConstTensor output_gradient,
                      std::span<const Tensor> input_gradients) const {
  convolution_->Backward({context.Value(weight_), context.prepared}, inputs[0], output_gradient,
                         {.weights = context.Gradient(weight_), .input = input_gradients[0]},
                         context.scratch);
  if (options_.bias) {
    SumOverPositions(output_gradient, context.Gradient(bias_));
  }
}

}  // namespace lockstep
