#include "trainer/nn/layers/pad.h"

#include <algorithm>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {
namespace {

// Calls visit(offset within the padded rows, offset within the input's, numbers) for each row of
// the input.
template <typename Visit>
void ForEachRow(const Shape& input, const Shape& output, const PadOptions& options, int batch,
                const Visit& visit) {
  const int64_t numbers = int64_t{input.width} * input.channels;
  for (int n = 0; n < batch; ++n) {
    for (int row = 0; row < input.height; ++row) {
      const int64_t padded_row = int64_t{n} * output.height + options.top + row;
      visit((padded_row * output.width + options.left) * output.channels,
            (int64_t{n} * input.height + row) * numbers, numbers);
    }
  }
}

}  // namespace

LayerPlan Pad::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  CheckAtLeast("top", options_.top, 0);
  CheckAtLeast("bottom", options_.bottom, 0);
  CheckAtLeast("left", options_.left, 0);
  CheckAtLeast("right", options_.right, 0);
  const Shape& input = context.inputs[0];
  return {.output = {.channels = input.channels,
                     .height = options_.top + input.height + options_.bottom,
                     .width = options_.left + input.width + options_.right}};
}

void Pad::Forward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                  Tensor output) const {
  const ConstTensor& input = inputs[0];
  std::ranges::fill(output.values(), options_.value);
  ForEachRow(input.shape, output.shape, options_, output.batch,
             [&](int64_t to, int64_t from, int64_t numbers) {
               std::copy_n(input.data + from, numbers, output.data + to);
             });
}

void Pad::Backward(const LayerContext& /*context*/, std::span<const ConstTensor> /*inputs*/,
                   ConstTensor /*output*/, ConstTensor output_gradient,
                   std::span<const Tensor> input_gradients) const {
  const Tensor& input_gradient = input_gradients[0];
  if (!input_gradient) {
    return;
  }
  ForEachRow(input_gradient.shape, output_gradient.shape, options_, output_gradient.batch,
             [&](int64_t from, int64_t to, int64_t numbers) {
               std::copy_n(output_gradient.data + from, numbers, input_gradient.data + to);
             });
}

}  // namespace lockstep
