#pragma once

#include <concepts>
#include <string_view>

#include "trainer/nn/layer.h"
#include "trainer/nn/layers/build_checks.h"

namespace lockstep {

// A function of one number with its settings, y = Value(x), and dx = Gradient(x, y, dy). Check
// throws LayerError when a setting is wrong.
template <typename F>
concept ElementwiseFunction = requires(const F f, float x) {
  { F::kKind } -> std::convertible_to<std::string_view>;
  { f.Check() } -> std::same_as<void>;
  { f.Value(x) } -> std::same_as<float>;
  { f.Gradient(x, x, x) } -> std::same_as<float>;
};

// Applies a function to every number of its one input.
template <ElementwiseFunction Function>
class ElementwiseLayer final : public Layer {
 public:
  explicit ElementwiseLayer(Function function = {}) : function_(function) {}

  std::string_view kind() const override { return Function::kKind; }

  LayerPlan Build(const BuildContext& context) override {
    CheckInputCount(context, 1);
    function_.Check();
    return {.output = context.inputs[0], .by_sample = true, .flops = context.inputs[0].size()};
  }

  void Forward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
               Tensor output) const override {
    const Function f = function_;
    const int64_t size = output.size();
    for (int64_t i = 0; i < size; ++i) {
      output.data[i] = f.Value(inputs[0].data[i]);
    }
  }

  void Backward(const LayerContext& /*context*/, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override {
    if (!input_gradients[0]) {
      return;
    }
    const Function f = function_;
    const float* x = inputs[0].data;
    const float* y = output.data;
    const float* dy = output_gradient.data;
    float* dx = input_gradients[0].data;
    const int64_t size = output.size();
    for (int64_t i = 0; i < size; ++i) {
      dx[i] = f.Gradient(x[i], y[i], dy[i]);
    }
  }

 private:
  Function function_;
};

}  // namespace lockstep
