#pragma once

#include <cstdint>
#include <span>

#include "trainer/tensor/tensor.h"

namespace lockstep {

// What a microbatch adds to the figures of its step: sums over samples, never means.
struct LossSums {
  double loss = 0;
  int64_t correct = 0;  // samples whose largest output (the first of equals) is the label's
};

// What a network should answer: per sample, one number for each class, with the sum 1. From
// (1 - smoothing) * onehot(label) + smoothing / classes (Szegedy et al. 2016, section 7).
struct LossTargets {
  std::span<const int32_t> labels;  // N, each in [0, classes)
  double smoothing = 0;             // in [0, 1)

  // Of mixed samples (Zhang et al. 2018, "mixup"): the second label, and the first one's share;
  // onehot(label) becomes share * onehot(label) + (1 - share) * onehot(other). N each, or empty:
  // nothing is mixed. Which label is right is said by the larger share, of equals by the first.
  std::span<const int32_t> other_labels{};
  std::span<const float> shares{};
};

enum class LossKind { kSoftmaxCrossEntropy, kMeanSquaredError };

// What training minimises.
struct LossOptions {
  LossKind kind = LossKind::kSoftmaxCrossEntropy;
  double smoothing = 0;
};

// The loss of each sample, summed. outputs: N x classes. Where `gradient` has data it gets
// d loss / d outputs, not divided by any count of samples. Works in double per sample. A loss that
// is not finite stays so in the sum, and a sample with NaN among its outputs is not correct.
LossSums ComputeLoss(LossKind kind, ConstTensor outputs, const LossTargets& targets,
                     Tensor gradient);

// With outputs z: loss = log(sum_k exp(z_k)) - sum_k target_k * z_k; gradient softmax(z) - target.
LossSums SoftmaxCrossEntropy(ConstTensor logits, const LossTargets& targets, Tensor gradient);

// With outputs z: loss = mean_k (z_k - target_k)^2; gradient 2 * (z_k - target_k) / classes.
LossSums MeanSquaredError(ConstTensor outputs, const LossTargets& targets, Tensor gradient);

}  // namespace lockstep
