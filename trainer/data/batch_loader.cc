#include "trainer/data/batch_loader.h"

#include <utility>

#include "trainer/data/augment/mix_up.h"

namespace lockstep {
namespace {

// Samples between the one that is copied and the one that is fetched from memory meanwhile.
constexpr size_t kAhead = 2;

}  // namespace

MicrobatchRequest RequestFor(const StepPlan& plan, int64_t step, int64_t index) {
  return {.step = step,
          .index = index,
          .epoch = plan.Step(step).epoch,
          .positions = plan.Microbatch(step, index)};
}

BatchLoader::BatchLoader(const Dataset& dataset, Normalizer normalizer, Sampler sampler,
                         std::optional<Augmenter> augmenter)
    : dataset_(dataset),
      normalizer_(std::move(normalizer)),
      sampler_(std::move(sampler)),
      augmenter_(std::move(augmenter)) {}

void BatchLoader::Begin(const MicrobatchRequest& request, Microbatch* out) {
  out->step = request.step;
  out->index = request.index;
  BeginSamples(request.epoch, sampler_.Samples(request.epoch, request.positions), out);
}

void BatchLoader::BeginSamples(uint32_t epoch, std::span<const uint32_t> samples, Microbatch* out) {
  out->sample_ids.assign(samples.begin(), samples.end());
  out->labels.resize(samples.size());
  out->images.resize(samples.size() * static_cast<size_t>(dataset_.shape().size()));
  out->other_labels.clear();
  out->shares.clear();
  epoch_ = epoch;
  loaded_ = 0;
}

bool BatchLoader::Continue(int64_t most, Microbatch* out) {
  const size_t all = out->sample_ids.size();
  for (int64_t i = 0; i < most && loaded_ < all; ++i, ++loaded_) {
    LoadSample(loaded_, out);
  }
  return loaded_ == all;
}

void BatchLoader::Load(const MicrobatchRequest& request, Microbatch* out) {
  Begin(request, out);
  Continue(out->size(), out);
}

void BatchLoader::LoadSamples(uint32_t epoch, std::span<const uint32_t> samples, Microbatch* out) {
  BeginSamples(epoch, samples, out);
  Continue(out->size(), out);
}

void BatchLoader::LoadSample(size_t i, Microbatch* out) {
  const std::span<const uint32_t> samples = out->sample_ids;
  if (i + kAhead < samples.size()) {
    dataset_.Prefetch(samples[i + kAhead]);
  }
  out->labels[i] = dataset_.label(samples[i]);
  const auto image_size = static_cast<size_t>(dataset_.shape().size());
  const auto image = std::span(out->images).subspan(i * image_size, image_size);
  LoadImage(samples[i], image);
  if (augmenter_) {
    MixIn(i, image, out);
  }
}

void BatchLoader::LoadImage(uint32_t sample, std::span<float> image) {
  if (dataset_.pixel_type() == PixelType::kUint8) {
    normalizer_.Apply(dataset_.Uint8Pixels(sample), image);
  } else {
    normalizer_.Apply(dataset_.Float32Pixels(sample), image);
  }
  if (augmenter_) {
    augmenter_->Apply(epoch_, sample, image);
  }
}

void BatchLoader::MixIn(size_t i, std::span<float> image, Microbatch* out) {
  const auto partner =
      augmenter_->DrawPartner(epoch_, out->sample_ids[i], static_cast<uint32_t>(sampler_.size()));
  if (!partner) {
    return;
  }
  const uint32_t other = sampler_.samples()[partner->position];
  other_image_.resize(image.size());
  LoadImage(other, other_image_);
  Mix(partner->share, other_image_, image);
  out->other_labels.push_back(dataset_.label(other));
  out->shares.push_back(partner->share);
}

}  // namespace lockstep
