#include "trainer/nn/layers/linear.h"

#include <fmt/format.h>

#include "trainer/nn/layers/build_checks.h"
#include "trainer/nn/layers/channel_bias.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/products.h"

namespace lockstep {

LayerPlan Linear::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  CheckAtLeast("units", options_.units, 1);
  const Shape& input = context.inputs[0];
  CheckWeightCount("units", options_.units, input.size());
  const int64_t units = options_.units;
  const Fan fan{.in = input.size(), .out = units};
  weight_ = context.parameters.Add(
      std::string(context.name), {.name = "weight",
                                  .memory_dims = {input.height, input.width, input.channels, units},
                                  .export_axes = {3, 2, 0, 1},
                                  .export_dims = {units, input.size()},
                                  .initializer = options_.initializer,
                                  .fan = fan});
  if (options_.bias) {
    bias_ = AddBias(context, options_.units, fan);
  }
  return {.output = {.channels = options_.units}, .flops = 2 * input.size() * units};
}

void Linear::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                     Tensor output) const {
  const ConstTensor& input = inputs[0];
  const auto width = static_cast<int>(input.shape.size());
  const int units = options_.units;
  MultiplyFeatures(output.batch, units, width, {input.data, width}, {context.Value(weight_), units},
                   {output.data, units});
  if (options_.bias) {
    AddChannelBias(context.Value(bias_), output);
  }
}

void Linear::Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                      ConstTensor /*output*/, ConstTensor output_gradient,
                      std::span<const Tensor> input_gradients) const {
  const ConstTensor& input = inputs[0];
  const auto width = static_cast<int>(input.shape.size());
  const int units = options_.units;
  const int batch = input.batch;
  AccumulateFeatures(batch, width, units, {input.data, width}, {output_gradient.data, units},
                     {context.Gradient(weight_), units});
  if (options_.bias) {
    SumOverPositions(output_gradient, context.Gradient(bias_));
  }
  if (input_gradients[0]) {
    Gemm(batch, width, units, {output_gradient.data, units},
         {context.Value(weight_), units, Op::kTranspose}, 0, input_gradients[0].data, width);
  }
}

}  // namespace lockstep
