#pragma once

#include "trainer/nn/layer.h"

// The bias of convolutions and linear layers: one number per output channel.

namespace lockstep {

// Adds the parameter "bias" (channels), zero at first.
ParameterSlice AddBias(const BuildContext& context, int channels, Fan fan);

// values: N x H x W x C; bias: C. Adds the bias to every position.
void AddChannelBias(const float* bias, Tensor values);

// gradient: N x H x W x C; sums: C. Adds to sums[c] the sum over all positions.
void SumOverPositions(ConstTensor gradient, float* sums);

}  // namespace lockstep
