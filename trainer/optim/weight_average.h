#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lockstep {

// An exponential moving average of all weights and buffers of a network, beside them. After each
// step (the first is 1), with d = min(decay, (1 + step) / (10 + step)):
//   average += (1 - d) * (value - average)
// The second bound lets go of the first weights early, as TensorFlow's ExponentialMovingAverage
// does when it is given the number of updates.
class WeightAverage {
 public:
  // Begins with `values`. REQUIRES 0 <= decay < 1.
  WeightAverage(double decay, std::span<const float> values);

  // Begins anew. REQUIRES as many values as before, here and below.
  void Reset(std::span<const float> values);
  void Update(int64_t step, std::span<const float> values);

  std::span<float> values() { return average_; }
  std::span<const float> values() const { return average_; }

 private:
  double decay_;
  std::vector<float> average_;
};

}  // namespace lockstep
