#include "tests/trainer/nn/layer_references.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lockstep {

Array LinearReference::Forward(const std::vector<Array>& inputs,
                               const ParameterValues& parameters) const {
  const Array& x = inputs[0];
  const auto width = static_cast<int>(x.shape.size());
  Array y = Zeros(x.batch, {.channels = units_});
  for (int n = 0; n < x.batch; ++n) {
    for (int o = 0; o < units_; ++o) {
      double& sum = y.at(n, o, 0, 0);
      sum = parameters.size() == 2 ? parameters[1][o] : 0;
      for (int i = 0; i < width; ++i) {
        sum += parameters[0][o * width + i] * x.values[n * width + i];
      }
    }
  }
  return y;
}

LayerGradients LinearReference::Backward(const std::vector<Array>& inputs,
                                         const ParameterValues& parameters, const Array& dy) const {
  const Array& x = inputs[0];
  const auto width = static_cast<int>(x.shape.size());
  Array dx = Zeros(x.batch, x.shape);
  ParameterValues gradients;
  for (const std::vector<double>& parameter : parameters) {
    gradients.emplace_back(parameter.size());
  }
  for (int n = 0; n < x.batch; ++n) {
    for (int o = 0; o < units_; ++o) {
      const double slope = dy.at(n, o, 0, 0);
      for (int i = 0; i < width; ++i) {
        dx.values[n * width + i] += slope * parameters[0][o * width + i];
        gradients[0][o * width + i] += slope * x.values[n * width + i];
      }
      if (gradients.size() == 2) {
        gradients[1][o] += slope;
      }
    }
  }
  return {.inputs = {dx}, .parameters = gradients};
}

Array ElementwiseReference::Forward(const std::vector<Array>& inputs,
                                    const ParameterValues& /*parameters*/) const {
  Array y = inputs[0];
  std::ranges::transform(y.values, y.values.begin(), value_);
  return y;
}

LayerGradients ElementwiseReference::Backward(const std::vector<Array>& inputs,
                                              const ParameterValues& /*parameters*/,
                                              const Array& dy) const {
  Array dx = dy;
  for (size_t i = 0; i < dx.values.size(); ++i) {
    dx.values[i] *= derivative_(inputs[0].values[i]);
  }
  return {.inputs = {dx}, .parameters = {}};
}

ElementwiseReference ReluReference() {
  return {[](double x) { return std::max(x, 0.0); }, [](double x) { return x > 0 ? 1.0 : 0.0; }};
}

// As PyTorch's documentation has it.
Shape PoolReference::OutputShape(const Shape& input) const {
  const auto windows = [&](int size, int kernel, int stride, int padding) {
    const double steps = static_cast<double>(size + 2 * padding - kernel) / stride;
    const int count =
        static_cast<int>(options_.ceil_mode ? std::ceil(steps) : std::floor(steps)) + 1;
    return (count - 1) * stride >= size + padding ? count - 1 : count;
  };
  const PoolOptions& o = options_;
  return {.channels = input.channels,
          .height = windows(input.height, o.kernel_height, o.stride_height, o.padding_height),
          .width = windows(input.width, o.kernel_width, o.stride_width, o.padding_width)};
}

template <typename Visit>
double PoolReference::VisitWindow(const Shape& input, int h, int w, const Visit& visit) const {
  const PoolOptions& o = options_;
  int pixels = 0;
  int padded = 0;
  for (int i = 0; i < o.kernel_height; ++i) {
    for (int j = 0; j < o.kernel_width; ++j) {
      const int row = h * o.stride_height + i - o.padding_height;
      const int column = w * o.stride_width + j - o.padding_width;
      if (row < input.height + o.padding_height && column < input.width + o.padding_width) {
        ++padded;
      }
      if (row >= 0 && row < input.height && column >= 0 && column < input.width) {
        ++pixels;
        visit(row, column);
      }
    }
  }
  return kind_ == PoolKind::kMeanOfPixels ? pixels : padded;
}

Array PoolReference::Forward(const std::vector<Array>& inputs,
                             const ParameterValues& /*parameters*/) const {
  const Array& x = inputs[0];
  Array y = Zeros(x.batch, OutputShape(x.shape));
  for (int n = 0; n < y.batch; ++n) {
    for (int c = 0; c < y.shape.channels; ++c) {
      for (int h = 0; h < y.shape.height; ++h) {
        for (int w = 0; w < y.shape.width; ++w) {
          double sum = 0;
          double largest = -std::numeric_limits<double>::infinity();
          const double divisor = VisitWindow(x.shape, h, w, [&](int row, int column) {
            const double value = x.at(n, c, row, column);
            sum += value;
            largest = std::max(largest, value);
          });
          y.at(n, c, h, w) = kind_ == PoolKind::kMax ? largest : sum / divisor;
        }
      }
    }
  }
  return y;
}

LayerGradients PoolReference::Backward(const std::vector<Array>& inputs,
                                       const ParameterValues& parameters, const Array& dy) const {
  const Array& x = inputs[0];
  const Array y = Forward(inputs, parameters);
  Array dx = Zeros(x.batch, x.shape);
  for (int n = 0; n < dy.batch; ++n) {
    for (int c = 0; c < dy.shape.channels; ++c) {
      for (int h = 0; h < dy.shape.height; ++h) {
        for (int w = 0; w < dy.shape.width; ++w) {
          const double divisor = VisitWindow(x.shape, h, w, [](int, int) {});
          VisitWindow(x.shape, h, w, [&](int row, int column) {
            if (kind_ != PoolKind::kMax) {
              dx.at(n, c, row, column) += dy.at(n, c, h, w) / divisor;
            } else if (x.at(n, c, row, column) == y.at(n, c, h, w)) {
              dx.at(n, c, row, column) += dy.at(n, c, h, w);
            }
          });
        }
      }
    }
  }
  return {.inputs = {dx}, .parameters = {}};
}

namespace {

// Calls visit(n, h, w) for every number of a channel.
template <typename Visit>
void ForEachPlace(const Array& array, const Visit& visit) {
  for (int n = 0; n < array.batch; ++n) {
    for (int h = 0; h < array.shape.height; ++h) {
      for (int w = 0; w < array.shape.width; ++w) {
        visit(n, h, w);
      }
    }
  }
}

// The mean of (x - center)^power over a channel.
double Moment(const Array& array, int c, double center, int power) {
  double sum = 0;
  int count = 0;
  ForEachPlace(array, [&](int n, int h, int w) {
    sum += std::pow(array.at(n, c, h, w) - center, power);
    ++count;
  });
  return sum / count;
}

// (x - mean) / sqrt(variance + epsilon), and that root.
Array Normalized(const Array& x, double epsilon, std::vector<double>* deviations) {
  Array normalized = x;
  for (int c = 0; c < x.shape.channels; ++c) {
    const double mean = Moment(x, c, 0, 1);
    deviations->push_back(std::sqrt(Moment(x, c, mean, 2) + epsilon));
    ForEachPlace(x, [&](int n, int h, int w) {
      normalized.at(n, c, h, w) = (x.at(n, c, h, w) - mean) / deviations->back();
    });
  }
  return normalized;
}

}  // namespace

Array BatchNormReference::Forward(const std::vector<Array>& inputs,
                                  const ParameterValues& parameters) const {
  std::vector<double> deviations;
  Array y = Normalized(inputs[0], epsilon_, &deviations);
  for (int c = 0; c < y.shape.channels; ++c) {
    ForEachPlace(y, [&](int n, int h, int w) {
      y.at(n, c, h, w) = y.at(n, c, h, w) * parameters[0][c] + parameters[1][c];
    });
  }
  return y;
}

LayerGradients BatchNormReference::Backward(const std::vector<Array>& inputs,
                                            const ParameterValues& parameters,
                                            const Array& output_gradient) const {
  std::vector<double> deviations;
  const Array x = Normalized(inputs[0], epsilon_, &deviations);
  const int channels = x.shape.channels;
  LayerGradients gradients{.inputs = {x},
                           .parameters = ParameterValues(2, std::vector<double>(channels))};
  for (int c = 0; c < channels; ++c) {
    double& weight = gradients.parameters[0][c];
    double& bias = gradients.parameters[1][c];
    ForEachPlace(x, [&](int n, int h, int w) {
      weight += output_gradient.at(n, c, h, w) * x.at(n, c, h, w);
      bias += output_gradient.at(n, c, h, w);
    });
    const double count = double{1} * x.batch * x.shape.height * x.shape.width;
    ForEachPlace(x, [&](int n, int h, int w) {
      gradients.inputs[0].at(n, c, h, w) =
          parameters[0][c] / deviations[c] *
          (output_gradient.at(n, c, h, w) - bias / count - x.at(n, c, h, w) * weight / count);
    });
  }
  return gradients;
}

Array SoftmaxReference::Forward(const std::vector<Array>& inputs,
                                const ParameterValues& /*parameters*/) const {
  const Array& x = inputs[0];
  Array y = x;
  ForEachPlace(x, [&](int n, int h, int w) {
    double sum = 0;
    for (int c = 0; c < x.shape.channels; ++c) {
      sum += std::exp(x.at(n, c, h, w));
    }
    for (int c = 0; c < x.shape.channels; ++c) {
      y.at(n, c, h, w) = std::exp(x.at(n, c, h, w)) / sum;
    }
  });
  return y;
}

LayerGradients SoftmaxReference::Backward(const std::vector<Array>& inputs,
                                          const ParameterValues& parameters,
                                          const Array& dy) const {
  const Array y = Forward(inputs, parameters);
  Array dx = Zeros(y.batch, y.shape);
  ForEachPlace(y, [&](int n, int h, int w) {
    for (int i = 0; i < y.shape.channels; ++i) {
      for (int j = 0; j < y.shape.channels; ++j) {
        const double slope = y.at(n, j, h, w) * ((i == j ? 1 : 0) - y.at(n, i, h, w));
        dx.at(n, i, h, w) += slope * dy.at(n, j, h, w);
      }
    }
  });
  return {.inputs = {dx}, .parameters = {}};
}

double LocalResponseNormReference::ScaleAt(const Array& x, int n, int c, int h, int w) const {
  double sum = 0;
  for (int other = c - size_ / 2; other <= c + size_ / 2; ++other) {
    if (other >= 0 && other < x.shape.channels) {
      sum += x.at(n, other, h, w) * x.at(n, other, h, w);
    }
  }
  return k_ + alpha_ / size_ * sum;
}

Array LocalResponseNormReference::Forward(const std::vector<Array>& inputs,
                                          const ParameterValues& /*parameters*/) const {
  Array y = inputs[0];
  for (int c = 0; c < y.shape.channels; ++c) {
    ForEachPlace(y, [&](int n, int h, int w) {
      y.at(n, c, h, w) *= std::pow(ScaleAt(inputs[0], n, c, h, w), -beta_);
    });
  }
  return y;
}

LayerGradients LocalResponseNormReference::Backward(const std::vector<Array>& inputs,
                                                    const ParameterValues& /*parameters*/,
                                                    const Array& dy) const {
  const Array& x = inputs[0];
  Array dx = Zeros(x.batch, x.shape);
  for (int j = 0; j < x.shape.channels; ++j) {
    ForEachPlace(x, [&](int n, int h, int w) {
      const double scale = ScaleAt(x, n, j, h, w);
      dx.at(n, j, h, w) += dy.at(n, j, h, w) * std::pow(scale, -beta_);
      const double slope =  // of y[j] by the scale
          -beta_ * x.at(n, j, h, w) * std::pow(scale, -beta_ - 1);
      for (int i = std::max(0, j - size_ / 2); i < x.shape.channels && i <= j + size_ / 2; ++i) {
        dx.at(n, i, h, w) += dy.at(n, j, h, w) * slope * 2 * alpha_ / size_ * x.at(n, i, h, w);
      }
    });
  }
  return {.inputs = {dx}, .parameters = {}};
}

Array PadReference::Forward(const std::vector<Array>& inputs,
                            const ParameterValues& /*parameters*/) const {
  const Array& x = inputs[0];
  Array y = Zeros(x.batch, {.channels = x.shape.channels,
                            .height = options_.top + x.shape.height + options_.bottom,
                            .width = options_.left + x.shape.width + options_.right});
  std::ranges::fill(y.values, static_cast<double>(options_.value));
  for (int c = 0; c < x.shape.channels; ++c) {
    ForEachPlace(x, [&](int n, int h, int w) {
      y.at(n, c, h + options_.top, w + options_.left) = x.at(n, c, h, w);
    });
  }
  return y;
}

LayerGradients PadReference::Backward(const std::vector<Array>& inputs,
                                      const ParameterValues& /*parameters*/,
                                      const Array& dy) const {
  Array dx = inputs[0];
  for (int c = 0; c < dx.shape.channels; ++c) {
    ForEachPlace(dx, [&](int n, int h, int w) {
      dx.at(n, c, h, w) = dy.at(n, c, h + options_.top, w + options_.left);
    });
  }
  return {.inputs = {dx}, .parameters = {}};
}

Array AddReference::Forward(const std::vector<Array>& inputs,
                            const ParameterValues& /*parameters*/) const {
  Array y = Zeros(inputs[0].batch, inputs[0].shape);
  for (const Array& x : inputs) {
    for (size_t i = 0; i < y.values.size(); ++i) {
      y.values[i] += x.values[i];
    }
  }
  return y;
}

LayerGradients AddReference::Backward(const std::vector<Array>& inputs,
                                      const ParameterValues& /*parameters*/,
                                      const Array& dy) const {
  return {.inputs = std::vector<Array>(inputs.size(), dy), .parameters = {}};
}

Array ConcatReference::Forward(const std::vector<Array>& inputs,
                               const ParameterValues& /*parameters*/) const {
  Array y{.batch = inputs[0].batch, .shape = inputs[0].shape, .values = {}};
  y.shape.channels = 0;
  for (const Array& x : inputs) {
    y.shape.channels += x.shape.channels;
  }
  for (int n = 0; n < y.batch; ++n) {
    for (const Array& x : inputs) {
      const auto sample = x.values.begin() + n * x.shape.size();
      y.values.insert(y.values.end(), sample, sample + x.shape.size());
    }
  }
  return y;
}

LayerGradients ConcatReference::Backward(const std::vector<Array>& inputs,
                                         const ParameterValues& /*parameters*/,
                                         const Array& dy) const {
  LayerGradients gradients;
  for (const Array& x : inputs) {
    gradients.inputs.push_back({.batch = x.batch, .shape = x.shape, .values = {}});
  }
  auto next = dy.values.begin();
  for (int n = 0; n < dy.batch; ++n) {
    for (Array& dx : gradients.inputs) {
      dx.values.insert(dx.values.end(), next, next + dx.shape.size());
      next += dx.shape.size();
    }
  }
  return gradients;
}

Array FactorsReference::Forward(const std::vector<Array>& inputs,
                                const ParameterValues& /*parameters*/) const {
  Array y = inputs[0];
  for (size_t i = 0; i < y.values.size(); ++i) {
    y.values[i] *= factors_.values[i];
  }
  return y;
}

LayerGradients FactorsReference::Backward(const std::vector<Array>& /*inputs*/,
                                          const ParameterValues& parameters,
                                          const Array& dy) const {
  return {.inputs = {Forward({dy}, parameters)}, .parameters = {}};
}

}  // namespace lockstep
