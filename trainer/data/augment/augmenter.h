#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "trainer/base/random.h"
#include "trainer/data/augment/affine_map.h"
#include "trainer/data/augment/augmentation.h"
#include "trainer/data/augment/elastic_field.h"
#include "trainer/data/augment/resampler.h"
#include "trainer/data/normalization.h"

namespace lockstep {

// Does to a sample what AugmentationOptions say, in the order of trainer/data/augment/README.md.
// What comes out depends on the options, the seed, the sample and the epoch alone: each operation
// draws from a stream of its own, so that switching one on changes nothing about the others.
// Memory is allocated once; not thread-safe.
class Augmenter {
 public:
  Augmenter(const AugmentationOptions& options, const ImageShape& shape,
            const Normalizer& normalizer, uint64_t seed);

  // `image`: the normalised pixels of `sample`; height, width, channels.
  void Apply(uint32_t epoch, uint32_t sample, std::span<float> image);

  // With what a sample is mixed after all that, when samples are mixed (Zhang et al. 2018): another
  // one, augmented as it is itself in that epoch.
  struct Partner {
    uint32_t position;  // in the list of samples that are trained on, drawn from all of it
    float share;        // of the sample itself: the larger part of a number from Beta(alpha, alpha)
  };
  // None when samples are not mixed. `samples`: the length of the list, at least 1.
  std::optional<Partner> DrawPartner(uint32_t epoch, uint32_t sample, uint32_t samples) const;

 private:
  // Which stream an operation draws from. Stored runs depend on these values: never renumber.
  enum class Operation : uint16_t {
    kCrop = 1,
    kFlip = 2,
    kScale = 3,
    kShear = 4,
    kRotation = 5,
    kTranslation = 6,
    kElasticChoice = 7,
    kElasticField = 8,
    kBrightness = 9,
    kNoise = 10,
    kCutoutChoice = 11,
    kCutout = 12,
    kMixUp = 13,
  };

  // The streams of one sample in one epoch.
  struct Draws {
    uint64_t seed;
    uint32_t epoch;
    uint32_t sample;

    RandomStream Of(Operation operation) const;
    bool Happens(Operation operation, double probability) const;
  };

  AffineChange DrawChange(const Draws& draws) const;
  void ChangeGeometry(const Draws& draws, std::span<float> image);
  void ChangePixels(const Draws& draws, std::span<float> image) const;

  AugmentationOptions options_;
  ImageShape shape_;
  uint64_t seed_;
  std::vector<float> fill_;   // one a channel, normalised
  std::vector<float> units_;  // one a channel: what a difference of 1 becomes
  std::optional<ElasticField> field_;
  Resampler resampler_;
};

}  // namespace lockstep
