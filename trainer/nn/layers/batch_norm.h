#pragma once

#include "trainer/nn/layer.h"
#include "trainer/tensor/batch_norm.h"

namespace lockstep {

struct BatchNormOptions {
  double epsilon = 1e-5;  // added to the variance
  double momentum = 0.1;  // of the running statistics
};

// Normalises each channel by its mean and variance, then scales it by a weight and adds a bias
// (Ioffe and Szegedy 2015). While training, by those of the microbatch ("ghost" batch norm, Hoffer
// et al. 2017); in evaluation, by running means of them over the steps so far. As PyTorch does it,
// the running variance is of the unbiased one (divided by one less than there are numbers). A
// channel with a single number in a microbatch has no deviation: the output is the bias, the
// variance 0. Parameters: weight (channels), 1 at first; bias (channels), 0 at first. Buffers:
// running_mean, running_var (channels), 0 and 1 at first.
class BatchNorm : public Layer {
 public:
  explicit BatchNorm(BatchNormOptions options = {}) : options_(options) {}

  std::string_view kind() const override { return "batch_norm"; }
  // Refuses an input where no microbatch has two numbers in a channel.
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

  // The same with `tail` in the same pass. After Build of this layer, as the context is this
  // layer's.
  LayerPlan plan() const;
  void Forward(BatchNormTail tail, const LayerContext& context, ConstTensor input,
               Tensor output) const;
  void Backward(BatchNormTail tail, const LayerContext& context, ConstTensor input,
                ConstTensor output_gradient, Tensor input_gradient) const;

  // What evaluation does to a channel: y = scale * x + shift. Arrays of one number for each
  // channel.
  void EvaluationScale(const NetValues& values, float* scale, float* shift) const;

 private:
  BatchNormOptions options_;
  Shape shape_;
  ParameterSlice weight_;
  ParameterSlice bias_;
  ParameterSlice running_mean_;
  ParameterSlice running_var_;
};

}  // namespace lockstep
