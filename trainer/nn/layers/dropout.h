#pragma once

#include "trainer/nn/layer.h"

namespace lockstep {

struct DropoutOptions {
  float rate = 0.5F;  // in [0, 1)
  bool whole_channels = false;
};

// While training, sets each number to 0 with probability `rate` and divides the others by 1 - rate
// (Srivastava et al. 2014, inverted). Otherwise the identity. Number i of a sample, counted as it
// lies in memory, is kept where ToUniform of draw i of the stream (kDropout, layer, step, sample
// id) is at least `rate`: the same in whatever microbatch the sample is. With whole_channels, that
// is said of channel i, and so of its every pixel (Tompson et al. 2015).
class Dropout : public Layer {
 public:
  explicit Dropout(DropoutOptions options) : options_(options) {}

  std::string_view kind() const override { return "dropout"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

 private:
  // to[i] = from[i] * (kept[i] ? 1 / (1 - rate) : 0)
  void Apply(std::span<const float> from, const uint8_t* kept, float* to) const;

  DropoutOptions options_;
};

}  // namespace lockstep
