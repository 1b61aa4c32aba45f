#include "trainer/data/batch_loader.h"

#include <utility>

namespace lockstep {

MicrobatchRequest RequestFor(const StepPlan& plan, int64_t step, int64_t index) {
  return {.step = step,
          .index = index,
          .epoch = plan.Step(step).epoch,
          .positions = plan.Microbatch(step, index)};
}

BatchLoader::BatchLoader(const Dataset& dataset, Normalizer normalizer, Sampler sampler)
    : dataset_(dataset), normalizer_(std::move(normalizer)), sampler_(std::move(sampler)) {}

void BatchLoader::Load(const MicrobatchRequest& request, Microbatch* out) {
  const std::span<const uint32_t> samples = sampler_.Samples(request.epoch, request.positions);
  const auto image_size = static_cast<size_t>(dataset_.shape().size());
  out->step = request.step;
  out->index = request.index;
  out->sample_ids.assign(samples.begin(), samples.end());
  out->labels.resize(samples.size());
  out->images.resize(samples.size() * image_size);
  for (size_t i = 0; i < samples.size(); ++i) {
    out->labels[i] = dataset_.label(samples[i]);
    LoadImage(samples[i], std::span(out->images).subspan(i * image_size, image_size));
  }
}

void BatchLoader::LoadImage(uint32_t sample, std::span<float> image) const {
  if (dataset_.pixel_type() == PixelType::kUint8) {
    normalizer_.Apply(dataset_.Uint8Pixels(sample), image);
  } else {
    normalizer_.Apply(dataset_.Float32Pixels(sample), image);
  }
}

}  // namespace lockstep
