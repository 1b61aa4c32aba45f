#pragma once

#include <memory>

#include "trainer/nn/layer.h"
#include "trainer/tensor/convolution/convolution.h"

namespace lockstep {

struct Conv2dOptions {
  int filters = 0;
  int kernel_height = 0;
  int kernel_width = 0;
  int stride_height = 1;
  int stride_width = 1;
  int padding_height = 0;  // zero rows above, and as many below
  int padding_width = 0;   // zero columns on the left, and as many on the right
  int groups = 1;          // as many as there are channels: depthwise
  bool bias = true;
  Initializer initializer = {};
};

// Two-dimensional convolution (cross-correlation), then one bias for each filter. Each group of
// filters sees its own group of channels.
// Parameters: weight, in memory (kernel height, kernel width, channels / groups, filters), exported
// (filters, channels / groups, kernel height, kernel width); bias (filters).
class Conv2d : public Layer {
 public:
  explicit Conv2d(Conv2dOptions options) : options_(options) {}

  std::string_view kind() const override { return "conv2d"; }
  LayerPlan Build(const BuildContext& context) override;
  void Prepare(const NetValues& values, std::span<std::byte> prepared) const override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

  // After Build.
  const ConvolutionGeometry& geometry() const { return geometry_; }
  ParameterSlice weight() const { return weight_; }
  bool has_bias() const { return options_.bias; }
  ParameterSlice bias() const { return bias_; }  // REQUIRES has_bias()

 private:
  Conv2dOptions options_;
  ConvolutionGeometry geometry_;
  std::unique_ptr<ConvolutionAlgorithm> convolution_;
  ParameterSlice weight_;
  ParameterSlice bias_;
};

}  // namespace lockstep
