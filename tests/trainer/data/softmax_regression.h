#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "trainer/data/dataset.h"

namespace lockstep {

// The plainest classifier that learns: one weight a pixel and class, stochastic gradient descent
// sample by sample. A yardstick of how hard a data set of uint8 images is.
class SoftmaxRegression {
 public:
  SoftmaxRegression(size_t pixels, size_t classes)
      : pixels_(pixels), classes_(classes), weights_((pixels + 1) * classes) {}

  void TrainEpoch(const LoadedDataset& dataset, float rate) {
    for (size_t sample = 0; sample < dataset.labels.size(); ++sample) {
      const std::vector<float> image = Image(dataset, sample);
      std::vector<float> gradient = Probabilities(image);
      gradient[static_cast<size_t>(dataset.labels[sample])] -= 1.0F;
      for (size_t label = 0; label < classes_; ++label) {
        float* weights = Weights(label);
        for (size_t i = 0; i <= pixels_; ++i) {
          weights[i] -= rate * gradient[label] * image[i];
        }
      }
    }
  }

  double Accuracy(const LoadedDataset& dataset) {
    int64_t right = 0;
    for (size_t sample = 0; sample < dataset.labels.size(); ++sample) {
      const std::vector<float> probabilities = Probabilities(Image(dataset, sample));
      const auto best = std::ranges::max_element(probabilities) - probabilities.begin();
      right += best == dataset.labels[sample] ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(dataset.size());
  }

 private:
  float* Weights(size_t label) { return weights_.data() + label * (pixels_ + 1); }

  // The pixels from 0 to 1, and a 1 for the bias.
  std::vector<float> Image(const LoadedDataset& dataset, size_t sample) const {
    const auto& all = std::get<std::vector<uint8_t>>(dataset.pixels);
    std::vector<float> image(pixels_ + 1, 1.0F);
    std::ranges::transform(std::span(all).subspan(sample * pixels_, pixels_), image.begin(),
                           [](uint8_t pixel) { return static_cast<float>(pixel) / 255.0F; });
    return image;
  }

  std::vector<float> Probabilities(const std::vector<float>& image) {
    std::vector<float> scores(classes_);
    for (size_t label = 0; label < classes_; ++label) {
      scores[label] = std::inner_product(image.begin(), image.end(), Weights(label), 0.0F);
    }
    const float largest = *std::ranges::max_element(scores);
    float sum = 0.0F;
    for (float& score : scores) {
      score = std::exp(score - largest);
      sum += score;
    }
    for (float& score : scores) {
      score /= sum;
    }
    return scores;
  }

  size_t pixels_;
  size_t classes_;
  std::vector<float> weights_;  // (class, pixel and bias)
};

}  // namespace lockstep
