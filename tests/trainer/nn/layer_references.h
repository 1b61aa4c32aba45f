#pragma once

#include <functional>
#include <vector>

#include "tests/trainer/nn/reference.h"
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

enum class PoolKind { kMax, kMean };

class PoolReference : public Reference {
 public:
  PoolReference(PoolKind kind, PoolOptions options) : kind_(kind), options_(options) {}
  Array Forward(const std::vector<Array>& inputs, const ParameterValues& parameters) const override;
  LayerGradients Backward(const std::vector<Array>& inputs, const ParameterValues& parameters,
                          const Array& output_gradient) const override;

 private:
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
