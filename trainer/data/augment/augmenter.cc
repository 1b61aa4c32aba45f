#include "trainer/data/augment/augmenter.h"

#include <algorithm>

#include "trainer/data/augment/mix_up.h"
#include "trainer/data/augment/pixel_changes.h"

namespace lockstep {
namespace {

double UniformBetween(double lowest, double highest, RandomStream* stream) {
  return lowest + (highest - lowest) * stream->Uniform();
}

// Of the whole numbers from -most to most.
int WholeWithin(int most, RandomStream* stream) {
  return static_cast<int>(stream->Below(2 * static_cast<uint32_t>(most) + 1)) - most;
}

std::vector<float> Fill(int channels, const Normalizer& normalizer, double fill) {
  std::vector<float> values(static_cast<size_t>(channels));
  for (int channel = 0; channel < channels; ++channel) {
    values[static_cast<size_t>(channel)] = normalizer.FromScaled(fill, channel);
  }
  return values;
}

std::vector<float> Units(int channels, const Normalizer& normalizer) {
  std::vector<float> units(static_cast<size_t>(channels));
  for (int channel = 0; channel < channels; ++channel) {
    units[static_cast<size_t>(channel)] = normalizer.ScaledUnit(channel);
  }
  return units;
}

}  // namespace

RandomStream Augmenter::Draws::Of(Operation operation) const {
  return {seed,
          {.purpose = Purpose::kAugment,
           .layer = static_cast<uint16_t>(operation),
           .time = epoch,
           .sample = sample}};
}

bool Augmenter::Draws::Happens(Operation operation, double probability) const {
  return probability > 0 && Of(operation).Uniform() < probability;
}

Augmenter::Augmenter(const AugmentationOptions& options, const ImageShape& shape,
                     const Normalizer& normalizer, uint64_t seed)
    : options_(options),
      shape_(shape),
      seed_(seed),
      fill_(Fill(shape.channels, normalizer, options.fill)),
      units_(Units(shape.channels, normalizer)),
      resampler_(shape, options.outside, fill_) {
  if (options.elastic) {
    field_.emplace(shape.height, shape.width, *options.elastic);
  }
}

void Augmenter::Apply(uint32_t epoch, uint32_t sample, std::span<float> image) {
  const Draws draws{.seed = seed_, .epoch = epoch, .sample = sample};
  ChangeGeometry(draws, image);
  ChangePixels(draws, image);
}

std::optional<Augmenter::Partner> Augmenter::DrawPartner(uint32_t epoch, uint32_t sample,
                                                         uint32_t samples) const {
  if (options_.mix_up_alpha <= 0) {
    return std::nullopt;
  }
  const Draws draws{.seed = seed_, .epoch = epoch, .sample = sample};
  RandomStream stream = draws.Of(Operation::kMixUp);
  const uint32_t position = stream.Below(samples);
  const double share = DrawBeta(options_.mix_up_alpha, &stream);
  return Partner{.position = position, .share = static_cast<float>(std::max(share, 1 - share))};
}

AffineChange Augmenter::DrawChange(const Draws& draws) const {
  AffineChange change;
  if (options_.crop_padding > 0) {
    RandomStream stream = draws.Of(Operation::kCrop);
    change.crop_x = WholeWithin(options_.crop_padding, &stream);
    change.crop_y = WholeWithin(options_.crop_padding, &stream);
  }
  change.flip = draws.Happens(Operation::kFlip, options_.flip_probability);
  if (options_.lowest_scale != 1 || options_.highest_scale != 1) {
    RandomStream stream = draws.Of(Operation::kScale);
    change.scale_x = UniformBetween(options_.lowest_scale, options_.highest_scale, &stream);
    change.scale_y = options_.same_scale
                         ? change.scale_x
                         : UniformBetween(options_.lowest_scale, options_.highest_scale, &stream);
  }
  const auto symmetric = [&](double most, RandomStream* stream) {
    return most > 0 ? UniformBetween(-most, most, stream) : 0;
  };
  RandomStream shear = draws.Of(Operation::kShear);
  change.shear_degrees = symmetric(options_.shear_degrees, &shear);
  RandomStream rotation = draws.Of(Operation::kRotation);
  change.rotation_degrees = symmetric(options_.rotation_degrees, &rotation);
  RandomStream translation = draws.Of(Operation::kTranslation);
  change.shift_x = symmetric(options_.translation_pixels, &translation);
  change.shift_y = symmetric(options_.translation_pixels, &translation);
  return change;
}

void Augmenter::ChangeGeometry(const Draws& draws, std::span<float> image) {
  const ElasticField* field = nullptr;
  if (field_ && draws.Happens(Operation::kElasticChoice, options_.elastic->probability)) {
    field_->Draw(draws.Of(Operation::kElasticField));
    field = &*field_;
  }
  const AffineMap map = SourceOf(DrawChange(draws), shape_);
  if (field != nullptr || map != AffineMap{}) {
    resampler_.Apply(map, field, image);
  }
}

void Augmenter::ChangePixels(const Draws& draws, std::span<float> image) const {
  if (options_.brightness > 0) {
    RandomStream stream = draws.Of(Operation::kBrightness);
    const double amount = UniformBetween(-options_.brightness, options_.brightness, &stream);
    Brighten(static_cast<float>(amount), units_, image);
  }
  if (options_.noise > 0) {
    AddNoise(draws.Of(Operation::kNoise), static_cast<float>(options_.noise), units_, image);
  }
  if (options_.cutout && draws.Happens(Operation::kCutoutChoice, options_.cutout->probability)) {
    CutOut(draws.Of(Operation::kCutout), *options_.cutout, shape_, fill_, image);
  }
}

}  // namespace lockstep
