#pragma once

// Batch norm of rows x channels numbers, a row being one position of one sample. Sums go over rows
// in an order that depends on rows and channels alone.

namespace lockstep {

// y = (x - mean) * scale + shift, with three numbers for each channel.
struct ChannelTransform {
  const float* mean;
  const float* scale;
  const float* shift;
};

// With or without a relu behind it: y = max(y, 0), and dy counts where y is positive. Called with a
// few rows at a time: so few that a float sum of them is exact enough, and that they stay in the
// cache between two looks.
struct BatchNormKernels {
  // The mean of each channel, and the sum of the squares of the deviations from it.
  void (*moments)(int rows, int channels, const float* x, float* mean, float* squares);

  void (*normalize)(int rows, int channels, const float* x, const ChannelTransform& transform,
                    float* y);

  // For each channel, the sums of dy and of dy * (x - mean).
  void (*gradient_sums)(int rows, int channels, const float* x, const ChannelTransform& transform,
                        const float* dy, float* sums, float* products);

  // dx = scale * (dy - offset - (x - mean) * slope); offset, slope: one for each channel.
  void (*normalize_back)(int rows, int channels, const float* x, const ChannelTransform& transform,
                         const float* dy, const float* offset, const float* slope, float* dx);
};

}  // namespace lockstep
