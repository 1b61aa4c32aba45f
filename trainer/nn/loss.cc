#include "trainer/nn/loss.h"

#include <algorithm>
#include <cmath>

#include "trainer/base/check.h"

namespace lockstep {
namespace {

void CheckTargets(const LossTargets& targets, ConstTensor outputs) {
  const auto batch = static_cast<size_t>(outputs.batch);
  CHECK_EQ(targets.labels.size(), batch);
  CHECK_EQ(targets.other_labels.size(), targets.shares.size());
  CHECK(targets.shares.empty() || targets.shares.size() == batch);
}

// What one sample should be answered with.
class Target {
 public:
  Target(const LossTargets& targets, int sample, int classes)
      : label_(targets.labels[sample]),
        other_(label_),
        on_(1 - targets.smoothing),
        off_(targets.smoothing / classes) {
    if (!targets.shares.empty()) {
      other_ = targets.other_labels[sample];
      share_ = targets.shares[sample];
    }
    for (const int32_t label : {label_, other_}) {
      CHECK_GE(label, 0);
      CHECK_LT(label, classes);
    }
  }

  double operator()(int k) const {
    const double first = k == label_ ? share_ : 0;
    const double second = k == other_ ? 1 - share_ : 0;
    return on_ * (first + second) + off_;
  }

  // The label of the larger share.
  int32_t label() const { return share_ < 0.5 ? other_ : label_; }

 private:
  int32_t label_;
  int32_t other_;
  double share_ = 1;
  double on_;
  double off_;
};

}  // namespace

LossSums SoftmaxCrossEntropy(ConstTensor logits, const LossTargets& targets, Tensor gradient) {
  const auto classes = static_cast<int>(logits.shape.size());
  CheckTargets(targets, logits);
  LossSums sums;
  for (int n = 0; n < logits.batch; ++n) {
    const float* z = logits.sample(n);
    const Target target(targets, n, classes);
    const auto largest = static_cast<int>(std::max_element(z, z + classes) - z);
    double sum = 0;
    double aimed = 0;
    for (int k = 0; k < classes; ++k) {
      sum += std::exp(double{z[k]} - z[largest]);
      aimed += target(k) == 0 ? 0 : target(k) * z[k];  // z may be infinite
    }
    sums.loss += std::log(sum) + z[largest] - aimed;
    sums.correct += largest == target.label() && !std::isnan(sum) ? 1 : 0;
    if (gradient) {
      float* dz = gradient.sample(n);
      for (int k = 0; k < classes; ++k) {
        const double probability = std::exp(double{z[k]} - z[largest]) / sum;
        dz[k] = static_cast<float>(probability - target(k));
      }
    }
  }
  return sums;
}

LossSums MeanSquaredError(ConstTensor outputs, const LossTargets& targets, Tensor gradient) {
  const auto classes = static_cast<int>(outputs.shape.size());
  CheckTargets(targets, outputs);
  LossSums sums;
  for (int n = 0; n < outputs.batch; ++n) {
    const float* z = outputs.sample(n);
    const Target target(targets, n, classes);
    double squares = 0;
    for (int k = 0; k < classes; ++k) {
      const double error = z[k] - target(k);
      squares += error * error;
    }
    sums.loss += squares / classes;
    const auto largest = static_cast<int>(std::max_element(z, z + classes) - z);
    sums.correct += largest == target.label() && !std::isnan(squares) ? 1 : 0;
    if (gradient) {
      float* dz = gradient.sample(n);
      for (int k = 0; k < classes; ++k) {
        dz[k] = static_cast<float>(2 * (z[k] - target(k)) / classes);
      }
    }
  }
  return sums;
}

LossSums ComputeLoss(LossKind kind, ConstTensor outputs, const LossTargets& targets,
                     Tensor gradient) {
  return kind == LossKind::kMeanSquaredError ? MeanSquaredError(outputs, targets, gradient)
                                             : SoftmaxCrossEntropy(outputs, targets, gradient);
}

}  // namespace lockstep
