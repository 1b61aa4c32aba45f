#include "trainer/nn/layers/concat.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {

LayerPlan Concat::Build(const BuildContext& context) {
  CheckSeveralInputs(context);
  const Shape& first = context.inputs[0];
  int64_t channels = 0;
  for (const Shape& shape : context.inputs) {
    if (shape.height != first.height || shape.width != first.width) {
      throw LayerError(
          "input", fmt::format("must name inputs of one height and width, names {}x{} and {}x{}",
                               first.height, first.width, shape.height, shape.width));
    }
    channels += shape.channels;
  }
  constexpr int kMost = std::numeric_limits<int>::max();
  if (channels > kMost) {
    throw LayerError(
        "input", fmt::format("must have at most {} channels together, have {}", kMost, channels));
  }
  return {.output = {.channels = static_cast<int>(channels),
                     .height = first.height,
                     .width = first.width},
          .by_sample = true};
}

void Concat::Forward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                     Tensor output) const {
  float* first = output.data;  // of this input's channels at the first position
  for (const ConstTensor& input : inputs) {
    const int channels = input.shape.channels;
    const float* const end = input.data + input.size();
    float* to = first;
    for (const float* from = input.data; from != end; from += channels) {
      std::copy_n(from, channels, to);
      to += output.shape.channels;
    }
    first += channels;
  }
}

void Concat::Backward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                      ConstTensor /*output*/, ConstTensor output_gradient,
                      std::span<const Tensor> input_gradients) const {
  const float* first = output_gradient.data;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int channels = inputs[i].shape.channels;
    if (input_gradients[i]) {
      float* const end = input_gradients[i].data + input_gradients[i].size();
      const float* from = first;
      for (float* to = input_gradients[i].data; to != end; to += channels) {
        std::copy_n(from, channels, to);
        from += output_gradient.shape.channels;
      }
    }
    first += channels;
  }
}

}  // namespace lockstep
