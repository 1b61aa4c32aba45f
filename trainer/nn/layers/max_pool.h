#pragma once

#include <vector>

#include "trainer/nn/layer.h"
#include "trainer/nn/layers/pool_geometry.h"

namespace lockstep {

// The largest value of each window, of each channel. Of equal ones the first in row-major order
// gets the gradient; NaN counts as the largest.
class MaxPool : public Layer {
 public:
  explicit MaxPool(PoolOptions options) : options_(options) {}

  std::string_view kind() const override { return "max_pool"; }
  LayerPlan Build(const BuildContext& context) override;
  void Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
               Tensor output) const override;
  void Backward(const LayerContext& context, std::span<const ConstTensor> inputs,
                ConstTensor output, ConstTensor output_gradient,
                std::span<const Tensor> input_gradients) const override;

  // Windows of 2x2 pixels side by side, all of them on the input. Once it is built.
  bool Halves() const {
    return options_.kernel_height == 2 && options_.kernel_width == 2 &&
           options_.stride_height == 2 && options_.stride_width == 2 &&
           geometry_.EveryWindowIsWhole();
  }

 private:
  // Writes a window's maxima, and which of its pixels they are.
  template <typename Index>
  void SelectByTap(const float* input, const PoolWindow& window, float* largest,
                   Index* position) const;
  template <typename Index>
  void Select(const LayerContext& context, ConstTensor input, Tensor output) const;
  template <typename Index>
  void Scatter(const LayerContext& context, ConstTensor output_gradient,
               Tensor input_gradient) const;
  // Whether a pixel's number within its window fits one byte.
  bool narrow_index() const { return tap_offsets_.size() <= 256; }

  PoolOptions options_;
  PoolGeometry geometry_;
  std::vector<int64_t> tap_offsets_;  // from a window's first pixel to each
};

}  // namespace lockstep
