#pragma once

#include <functional>
#include <vector>

#include "tests/trainer/nn/reference.h"
#include "trainer/nn/layers/pad.h"
#include "trainer/nn/layers/pool_geometry.h"

// The double-precision reference of each layer that a net is tested with. Convolution has its own.

namespace lockstep {

class LinearReference : public Reference {
 public:
  explicit LinearReference(int units) : units_(units) {}
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;

 private:
  int units_;
};

// y = value(x), dx = derivative(x) * dy.
class ElementwiseReference : public Reference {
 public:
  using Function = std::function<double(double)>;
  ElementwiseReference(Function value, Function derivative)
      : value_(std::move(value)), derivative_(std::move(derivative)) {}
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;

 private:
  Function value_;
  Function derivative_;
};

ElementwiseReference ReluReference();

// The mean of a window's pixels and padding, or of its pixels.
enum class PoolKind { kMax, kMean, kMeanOfPixels };

class PoolReference : public Reference {
 public:
  PoolReference(PoolKind kind, PoolOptions options) : kind_(kind), options_(options) {}
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;

 private:
  Shape OutputShape(const Shape& input) const;
  // Calls visit(row, column) for each pixel of the window at (h, w); returns what a mean divides
  // by.
  template <typename Visit>
  double VisitWindow(const Shape& input, int h, int w, const Visit& visit) const;

  PoolKind kind_;
  PoolOptions options_;
};

// Normalises each channel by the batch's own mean and variance; parameters: weight, bias.
class BatchNormReference : public Reference {
 public:
  explicit BatchNormReference(double epsilon) : epsilon_(epsilon) {}
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;

 private:
  double epsilon_;
};

// exp(x) / sum of exp(x) over the channels.
class SoftmaxReference : public Reference {
 public:
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;
};

// x / (k + alpha / size * sum of x^2 over `size` channels)^beta.
class LocalResponseNormReference : public Reference {
 public:
  LocalResponseNormReference(int size, double alpha, double beta, double k)
      : size_(size), alpha_(alpha), beta_(beta), k_(k) {}
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;

 private:
  double ScaleAt(const Array& x, int n, int c, int h, int w) const;

  int size_;
  double alpha_;
  double beta_;
  double k_;
};

class PadReference : public Reference {
 public:
  explicit PadReference(PadOptions options) : options_(options) {}
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;

 private:
  PadOptions options_;
};

class AddReference : public Reference {
 public:
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;
};

class ConcatReference : public Reference {
 public:
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;
};

// y = factors * x, with factors that are given.
class FactorsReference : public Reference {
 public:
  // `factors` for the samples of a microbatch, one after the other; a shorter microbatch takes the
  // first.
  explicit FactorsReference(Array factors) : factors_(std::move(factors)) {}
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;

 private:
  Array factors_;
};

}  // namespace lockstep
