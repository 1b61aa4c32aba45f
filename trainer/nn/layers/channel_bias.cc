#include "trainer/nn/layers/channel_bias.h"

#include <string>

namespace lockstep {

ParameterSlice AddBias(const BuildContext& context, int channels, Fan fan) {
  return context.parameters.Add(
      std::string(context.name),
      {.name = "bias",
       .memory_dims = {channels},
       .export_axes = {0},
       .export_dims = {channels},
       .initializer = {.distribution = Distribution::kConstant, .constant = 0},
       .fan = fan});
}

LOCKSTEP_EVERY_CPU void AddChannelBias(const float* bias, Tensor values) {
  const int channels = values.shape.channels;
  const float* const end = values.data + values.size();
  for (float* position = values.data; position != end; position += channels) {
    for (int c = 0; c < channels; ++c) {
      position[c] += bias[c];
    }
  }
}

LOCKSTEP_EVERY_CPU void SumOverPositions(ConstTensor gradient, float* sums) {
  const int channels = gradient.shape.channels;
  const float* const end = gradient.data + gradient.size();
  for (const float* position = gradient.data; position != end; position += channels) {
    for (int c = 0; c < channels; ++c) {
      sums[c] += position[c];
    }
  }
}

}  // namespace lockstep
