#include "trainer/nn/loss.h"

#include <algorithm>
#include <cmath>

#include "trainer/base/check.h"

namespace lockstep {

LossSums SoftmaxCrossEntropy(ConstTensor logits, std::span<const int32_t> labels, Tensor gradient) {
  const auto classes = static_cast<int>(logits.shape.size());
  CHECK_EQ(static_cast<int>(labels.size()), logits.batch);
  LossSums sums;
  for (int n = 0; n < logits.batch; ++n) {
    const float* z = logits.sample(n);
    const int32_t label = labels[n];
    CHECK_GE(label, 0);
    CHECK_LT(label, classes);
    const auto largest = static_cast<int>(std::max_element(z, z + classes) - z);
    double sum = 0;
    for (int k = 0; k < classes; ++k) {
      sum += std::exp(double{z[k]} - z[largest]);
    }
    sums.loss += std::log(sum) + z[largest] - z[label];
    sums.correct += largest == label && !std::isnan(sum) ? 1 : 0;
    if (gradient) {
      float* dz = gradient.sample(n);
      for (int k = 0; k < classes; ++k) {
        const double probability = std::exp(double{z[k]} - z[largest]) / sum;
        dz[k] = static_cast<float>(probability - (k == label ? 1 : 0));
      }
    }
  }
  return sums;
}

}  // namespace lockstep
