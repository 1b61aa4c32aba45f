#pragma once

#include "trainer/nn/layer.h"

namespace lockstep {

struct LocalResponseNormOptions {
  int size = 5;  // odd
  double alpha = 1e-4;
  double beta = 0.75;
  double k = 1;
};

// y = x / scale^beta, where scale = k + alpha / size * the sum of x^2 over the `size` channels
// around each, as many as there are (Krizhevsky et al. 2012, section 3.3, with alpha as Caffe,
// PyTorch and ONNX have it).
class LocalResponseNorm : public Layer {
 public:
  explicit LocalResponseNorm(LocalResponseNormOptions options) : options_(options) {}

  std::string_view kind() const override { return "local_response_norm"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  // factors[c] = scale[c]^-beta
  void Factors(const float* scale, int channels, float* factors) const;

  LocalResponseNormOptions options_;
};

}  // namespace lockstep
