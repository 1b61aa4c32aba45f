#pragma once

#include <memory>

#include "trainer/nn/layer.h"
#include "trainer/tensor/convolution/fused_convolution.h"

namespace lockstep {

// A conv2d and the relu, and perhaps the max_pool, that follow it, computed in one go. No job file
// names it: fusion.h puts it in the place of these layers, whose parameters it uses.
class ConvBlock : public Layer {
 public:
  // Parameters of the conv2d, which has a bias.
  ConvBlock(std::unique_ptr<FusedConvolution> convolution, ParameterSlice weight,
            ParameterSlice bias)
      : convolution_(std::move(convolution)), weight_(weight), bias_(bias) {}

  std::string_view kind() const override;
  // Adds no parameters.
  LayerPlan Build(const BuildContext& context) override;
  void Prepare(const NetValues& values, std::span<std::byte> prepared) const override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  FusedParameters Parameters(const LayerContext& context) const;

  std::unique_ptr<FusedConvolution> convolution_;
  ParameterSlice weight_;
  ParameterSlice bias_;
};

}  // namespace lockstep
