#include "trainer/nn/layers/add.h"

#include <fmt/format.h>

#include <algorithm>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {

LayerPlan Add::Build(const BuildContext& context) {
  CheckSeveralInputs(context);
  const Shape& first = context.inputs[0];
  for (const Shape& shape : context.inputs) {
    if (shape != first) {
      throw LayerError("input", fmt::format("must name inputs of one shape, names {} and {}",
                                            ToString(first), ToString(shape)));
    }
  }
  const auto additions = static_cast<int64_t>(context.inputs.size()) - 1;
  return {.output = first, .by_sample = true, .flops = additions * first.size()};
}

void Add::Forward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                  Tensor output) const {
  std::ranges::copy(inputs[0].values(), output.data);
  for (const ConstTensor& input : inputs.subspan(1)) {
    for (int64_t i = 0; i < output.size(); ++i) {
      output.data[i] += input.data[i];
    }
  }
}

void Add::Backward(const LayerContext& /*context*/, std::span<const ConstTensor> /*inputs*/,
                   ConstTensor /*output*/, ConstTensor output_gradient,
                   std::span<const Tensor> input_gradients) const {
  for (const Tensor& input_gradient : input_gradients) {
    if (input_gradient) {
      std::ranges::copy(output_gradient.values(), input_gradient.data);
    }
  }
}

}  // namespace lockstep
