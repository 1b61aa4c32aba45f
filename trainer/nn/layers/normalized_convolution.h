#pragma once

#include <memory>

#include "trainer/nn/layers/batch_norm.h"
#include "trainer/nn/layers/conv2d.h"
#include "trainer/tensor/convolution/fused_convolution.h"

namespace lockstep {

// A conv2d and the batch_norm that follows it, in evaluation, where both are linear: one
// convolution with other weights and another bias. Perhaps with the relu and the max_pool behind
// them. No job file names it: fusion.h puts it in the place of these layers.
class NormalizedConvolution : public Layer {
 public:
  // `conv` and `norm` have been built, and outlive this layer. `fused`: convolution, relu and
  // perhaps max_pool in one go; nullptr: there is none of these, or they are other stages.
  NormalizedConvolution(const Conv2d& conv, const BatchNorm& norm,
                        std::unique_ptr<FusedConvolution> fused)
      : conv_(conv), norm_(norm), fused_(std::move(fused)) {}

  std::string_view kind() const override;
  // Adds no parameters.
  LayerPlan Build(const BuildContext& context) override;
  // Folds the two layers into one.
  void Prepare(const NetValues& values, std::span<std::byte> prepared) const override;
  // REQUIRES Phase::kEvaluation.
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  // Fails: there is no way back.
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  template <typename Byte>  // const to read
  struct Folded;

  const Conv2d& conv_;
  const BatchNorm& norm_;
  std::unique_ptr<FusedConvolution> fused_;
  std::unique_ptr<ConvolutionAlgorithm> plain_;  // where not fused
};

}  // namespace lockstep
