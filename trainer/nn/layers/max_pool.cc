#include "trainer/nn/layers/max_pool.h"

#include <algorithm>

#include "trainer/nn/layers/build_checks.h"

namespace lockstep {
namespace {

// NaN is larger than any number.
inline bool Larger(float a, float b) { return (a > b) | (a != a); }

// Takes pixel number `tap` of a window into account. input, largest, position: C each.
template <typename Index>
void Update(const float* input, Index tap, int channels, float* largest, Index* position) {
  for (int c = 0; c < channels; ++c) {
    // Loaded first and chosen without branches, or compilers make no vector code of it.
    const float value = input[c];
    const float old_value = largest[c];
    const Index old_position = position[c];
    const bool larger = Larger(value, old_value);
    largest[c] = larger ? value : old_value;
    position[c] = larger ? tap : old_position;
  }
}

// The whole window, one channel after the other: faster for few channels.
template <typename Index>
void SelectByChannel(const float* input, std::span<const int64_t> tap_offsets, int channels,
                     float* largest, Index* position) {
  for (int c = 0; c < channels; ++c) {
    float best = input[c];
    size_t best_tap = 0;
    for (size_t tap = 1; tap < tap_offsets.size(); ++tap) {
      const float value = input[tap_offsets[tap] + c];
      if (Larger(value, best)) {
        best = value;
        best_tap = tap;
      }
    }
    largest[c] = best;
    position[c] = static_cast<Index>(best_tap);
  }
}

}  // namespace

LayerPlan MaxPool::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  geometry_ = PoolGeometry(context.inputs[0], options_);
  tap_offsets_.clear();
  for (int tap = 0; tap < geometry_.taps(); ++tap) {
    tap_offsets_.push_back(geometry_.TapOffset(tap));
  }
  LayerPlan plan = geometry_.Plan();
  const int64_t index_bytes = narrow_index() ? sizeof(uint8_t) : sizeof(uint32_t);
  plan.saved_bytes = context.max_batch * plan.output.size() * index_bytes;
  plan.scratch_bytes = plan.output.channels * index_bytes;
  return plan;
}

void MaxPool::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                      Tensor output) const {
  if (narrow_index()) {
    Select<uint8_t>(context, inputs[0], output);
  } else {
    Select<uint32_t>(context, inputs[0], output);
  }
}

template <typename Index>
void MaxPool::Select(const LayerContext& context, ConstTensor input, Tensor output) const {
  constexpr int kFewChannels = 16;
  const int channels = output.shape.channels;
  const bool keep = context.phase == Phase::kTraining;
  auto* const positions =
      reinterpret_cast<Index*>(keep ? context.saved.data()      // one for each output
                                    : context.scratch.data());  // one window's
  const auto position = [&](int64_t offset) { return positions + (keep ? offset : 0); };
  geometry_.ForEachWindow(output.batch, [&](const PoolWindow& window) {
    float* const largest = output.data + window.output;
    if (channels < kFewChannels && window.whole) {
      SelectByChannel(input.data + window.corner, tap_offsets_, channels, largest,
                      position(window.output));
    } else {
      SelectByTap(input.data, window, largest, position(window.output));
    }
  });
}

template <typename Index>
void MaxPool::SelectByTap(const float* input, const PoolWindow& window, float* largest,
                          Index* position) const {
  const int channels = geometry_.input().channels;
  geometry_.ForEachTap(window, [&](const PoolTap& tap) {
    const auto index = static_cast<Index>(tap.index);
    if (tap.first) {
      std::copy_n(input + tap.input, channels, largest);
      std::fill_n(position, channels, index);
    } else {
      Update(input + tap.input, index, channels, largest, position);
    }
  });
}

void MaxPool::Backward(const LayerContext& context, std::span<const ConstTensor> /*inputs*/,
                       ConstTensor /*output*/, ConstTensor output_gradient,
                       std::span<const Tensor> input_gradients) const {
  if (!input_gradients[0]) {
    return;
  }
  if (narrow_index()) {
    Scatter<uint8_t>(context, output_gradient, input_gradients[0]);
  } else {
    Scatter<uint32_t>(context, output_gradient, input_gradients[0]);
  }
}

template <typename Index>
void MaxPool::Scatter(const LayerContext& context, ConstTensor output_gradient,
                      Tensor input_gradient) const {
  const auto* const positions = reinterpret_cast<const Index*>(context.saved.data());
  std::ranges::fill(input_gradient.values(), 0.0F);
  geometry_.ForEachWindow(output_gradient.batch, [&](const PoolWindow& window) {
    const float* const dy = output_gradient.data + window.output;
    const Index* const position = positions + window.output;
    for (int c = 0; c < output_gradient.shape.channels; ++c) {
      input_gradient.data[window.corner + tap_offsets_[position[c]] + c] += dy[c];
    }
  });
}

}  // namespace lockstep
