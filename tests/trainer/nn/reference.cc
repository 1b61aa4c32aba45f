#include "tests/trainer/nn/reference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>

namespace lockstep {
namespace {

// d objective / d values[i] by central differences, held against `gradient`.
void ExpectDifferencesMatch(std::vector<double>& values, const std::vector<double>& gradient,
                            const std::function<double()>& objective,
                            const std::function<std::string(size_t)>& name) {
  constexpr double kStep = 1e-5;
  constexpr double kTolerance = 1e-6;
  constexpr size_t kElements = 200;
  ASSERT_EQ(values.size(), gradient.size()) << name(0);
  double scale = 1;
  for (const double value : gradient) {
    scale = std::max(scale, std::abs(value));
  }
  for (size_t i = 0; i < values.size(); i += 1 + values.size() / kElements) {
    const double kept = values[i];
    values[i] = kept + kStep;
    const double above = objective();
    values[i] = kept - kStep;
    const double below = objective();
    values[i] = kept;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), kTolerance * scale) << name(i);
  }
}

}  // namespace

Array Zeros(int batch, const Shape& shape) {
  return {.batch = batch, .shape = shape, .values = std::vector<double>(batch * shape.size())};
}

Array RandomArray(int batch, const Shape& shape, RandomStream& stream) {
  return {.batch = batch, .shape = shape, .values = RandomVector(batch * shape.size(), stream)};
}

std::vector<double> RandomVector(int64_t size, RandomStream& stream) {
  std::vector<double> values(size);
  for (double& value : values) {
    value = stream.Normal();
  }
  return values;
}

std::string ElementName(const Shape& shape, size_t index) {
  const size_t w = index % shape.width;
  const size_t h = index / shape.width % shape.height;
  const size_t c = index / shape.width / shape.height % shape.channels;
  return fmt::format("(n={}, c={}, h={}, w={})", index / shape.size(), c, h, w);
}

void ExpectGradientIsRight(const Reference& reference, std::vector<Array> inputs,
                           ParameterValues parameters, const Array& output_gradient) {
  const LayerGradients gradients = reference.Backward(inputs, parameters, output_gradient);
  const auto objective = [&] {
    const Array output = reference.Forward(inputs, parameters);
    return std::inner_product(output.values.begin(), output.values.end(),
                              output_gradient.values.begin(), 0.0);
  };
  ASSERT_EQ(gradients.inputs.size(), inputs.size());
  for (size_t k = 0; k < inputs.size(); ++k) {
    ExpectDifferencesMatch(inputs[k].values, gradients.inputs[k].values, objective, [&](size_t i) {
      return fmt::format("reference, input {} {}", k, ElementName(inputs[k].shape, i));
    });
  }
  ASSERT_EQ(gradients.parameters.size(), parameters.size());
  for (size_t k = 0; k < parameters.size(); ++k) {
    ExpectDifferencesMatch(parameters[k], gradients.parameters[k], objective, [&](size_t i) {
      return fmt::format("reference, parameter {} element {}", k, i);
    });
  }
}

}  // namespace lockstep
