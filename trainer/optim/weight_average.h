#pragma once

#include <cstdint>
#include <span>

namespace lockstep {

// Moves `average`, the exponential moving average of a network's numbers, after step `step` (the
// first is 1) towards the numbers, with d = min(decay, (1 + step) / (10 + step)):
//   average += (1 - d) * (value - average)
// The second bound lets go of the first weights early, as TensorFlow's ExponentialMovingAverage
// does when it is given the number of updates. An average begins as a copy of the numbers; each of
// them moves alone, so that calls for parts of the arrays give the same bits.
// REQUIRES 0 <= decay < 1, step >= 1 and as many values as averages.
void MoveAverage(double decay, int64_t step, std::span<const float> values,
                 std::span<float> average);

}  // namespace lockstep
