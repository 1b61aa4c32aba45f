#pragma once

#include <vector>

#include "trainer/tensor/convolution/geometry.h"

// The definition of a convolution in double precision and in PyTorch's orders: what the fast ones
// are held against. Shares nothing with them but the geometry's fields.

namespace lockstep {

struct NaiveGradients {
  std::vector<double> weights;  // O x I x H x W
  std::vector<double> input;    // N x C x H x W
};

// input: N x C x H x W; weights: O x I x H x W, where I is channels / groups. Returns N x O x H x
// W.
std::vector<double> NaiveForward(const ConvolutionGeometry& geometry, int batch,
                                 const std::vector<double>& weights,
                                 const std::vector<double>& input);

// Gradients of sum(output * output_gradient).
NaiveGradients NaiveBackward(const ConvolutionGeometry& geometry, int batch,
                             const std::vector<double>& weights, const std::vector<double>& input,
                             const std::vector<double>& output_gradient);

}  // namespace lockstep
