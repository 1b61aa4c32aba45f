#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/tensor/convolution/convolution.h"

// Runs convolution algorithms on random numbers and holds them against the definition.

namespace lockstep {

// "3x8x9, 16 filters 3x3, stride 2x1, padding 1x0, 1 groups"
std::string Describe(const ConvolutionGeometry& geometry);

// Kernel, stride and padding are the same both ways.
ConvolutionGeometry Square(Shape input, int filters, int kernel, int stride, int padding,
                           int groups = 1);

// What a convolution works on, in the orders of convolution.h.
struct ConvolutionNumbers {
  int batch;
  std::vector<float> weights;
  std::vector<float> input;
  std::vector<float> output_gradient;
};

ConvolutionNumbers RandomNumbers(const ConvolutionGeometry& geometry, int batch, uint64_t seed);

struct ConvolutionResults {
  std::vector<float> output;
  std::vector<float> weight_gradient;
  std::vector<float> input_gradient;

  bool operator==(const ConvolutionResults&) const = default;
};

struct RunOptions {
  // How many numbers the tensors lie from a cache line's start.
  int offset = 0;
  // What each weight's gradient is before.
  float weight_gradient = 0;
  bool input_gradient = true;
};

// Forward and Backward. Outputs and scratch are NaN before; fails the test when something is
// written outside of them.
ConvolutionResults RunConvolution(const ConvolutionAlgorithm& algorithm,
                                  const ConvolutionGeometry& geometry,
                                  const ConvolutionNumbers& numbers,
                                  const RunOptions& options = {});

// All results are those of the definition in double precision: within 1e-5 of their largest number,
// 3e-5 for Winograd's algorithm.
void ExpectIsTheConvolution(const ConvolutionAlgorithm& algorithm,
                            const ConvolutionGeometry& geometry, int batch, uint64_t seed = 1);

}  // namespace lockstep
