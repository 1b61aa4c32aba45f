#include "trainer/nn/layers/dropout.h"

#include <fmt/format.h>

#include <algorithm>

#include "trainer/base/random.h"
#include "trainer/nn/layers/build_checks.h"

namespace lockstep {
namespace {

// kept[i] = 1 where draw i of the stream keeps number i.
void DrawKept(const RandomStream& stream, float rate, std::span<uint8_t> kept) {
  for (size_t i = 0; i < kept.size();) {
    for (const uint32_t draw : stream.Block(static_cast<uint32_t>(i / 4))) {
      if (i < kept.size()) {
        kept[i++] = ToUniform(draw) >= rate ? 1 : 0;
      }
    }
  }
}

}  // namespace

LayerPlan Dropout::Build(const BuildContext& context) {
  CheckInputCount(context, 1);
  if (!(options_.rate >= 0 && options_.rate < 1)) {
    throw LayerError("rate", fmt::format("must be at least 0 and below 1, is {}", options_.rate));
  }
  const Shape& shape = context.inputs[0];
  return {.output = shape,
          .saved_bytes = context.max_batch * shape.size(),
          .by_sample = true,
          .flops = shape.size()};
}

void Dropout::Forward(const LayerContext& context, std::span<const ConstTensor> inputs,
                      Tensor output) const {
  const ConstTensor& input = inputs[0];
  if (context.phase == Phase::kEvaluation) {
    std::ranges::copy(input.values(), output.data);
    return;
  }
  auto* const kept = reinterpret_cast<uint8_t*>(context.saved.data());
  const auto size = static_cast<size_t>(input.shape.size());
  const auto draws = options_.whole_channels ? static_cast<size_t>(input.shape.channels) : size;
  for (int n = 0; n < input.batch; ++n) {
    const RandomStream stream(context.seed, {.purpose = Purpose::kDropout,
                                             .layer = context.layer,
                                             .time = static_cast<uint32_t>(context.step),
                                             .sample = context.sample_ids[n]});
    uint8_t* const own = kept + n * size;
    DrawKept(stream, options_.rate, {own, draws});
    for (size_t i = draws; i < size; ++i) {
      own[i] = own[i - draws];
    }
  }
  Apply(input.values(), kept, output.data);
}

void Dropout::Backward(const LayerContext& context, std::span<const ConstTensor> /*inputs*/,
                       ConstTensor /*output*/, ConstTensor output_gradient,
                       std::span<const Tensor> input_gradients) const {
  if (input_gradients[0]) {
    Apply(output_gradient.values(), reinterpret_cast<const uint8_t*>(context.saved.data()),
          input_gradients[0].data);
  }
}

void Dropout::Apply(std::span<const float> from, const uint8_t* kept, float* to) const {
  const float scale = 1 / (1 - options_.rate);
  for (size_t i = 0; i < from.size(); ++i) {
    // A product, not a choice, so that NaN stays NaN.
    to[i] = from[i] * (static_cast<float>(kept[i]) * scale);
  }
}

}  // namespace lockstep
