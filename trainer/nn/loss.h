#pragma once

#include <cstdint>
#include <span>

#include "trainer/tensor/tensor.h"

namespace lockstep {

// What a microbatch adds to the figures of its step: sums over samples, never means.
struct LossSums {
  double loss = 0;      // natural logarithm
  int64_t correct = 0;  // samples whose largest logit (the first of equals) is the label's
};

// Softmax and cross-entropy in one, per sample: loss = log(sum_k exp(z_k)) - z_label.
// logits: N x classes; labels: N, each in [0, classes). Where `gradient` has data it gets
// d loss / d logits = softmax(z) - onehot(label), not divided by any count.
// Works in double per sample. A loss that is not finite stays so in the sum, and a sample with NaN
// among its logits is not correct.
LossSums SoftmaxCrossEntropy(ConstTensor logits, std::span<const int32_t> labels, Tensor gradient);

}  // namespace lockstep
