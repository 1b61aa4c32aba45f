#include "trainer/train/augmentation_builder.h"

namespace lockstep {

AugmentationOptions ToAugmentationOptions(const v1::Augmentation& message) {
  AugmentationOptions options{
      .crop_padding = message.crop().padding(),
      .flip_probability = message.flip().probability(),
      .shear_degrees = message.shear().degrees(),
      .rotation_degrees = message.rotation().degrees(),
      .translation_pixels = message.translation().pixels(),
      .outside = message.outside() == v1::Augmentation::EDGE ? Outside::kEdge : Outside::kFill,
      .fill = message.fill(),
      .brightness = message.brightness().amount(),
      .noise = message.noise().standard_deviation(),
      .mix_up_alpha = message.mix_up().alpha()};
  if (message.has_scale()) {
    options.lowest_scale = message.scale().lowest();
    options.highest_scale = message.scale().highest();
    options.same_scale = !message.scale().separately();
  }
  if (message.has_elastic()) {
    options.elastic = ElasticOptions{.sigma = message.elastic().sigma(),
                                     .alpha = message.elastic().alpha(),
                                     .probability = message.elastic().probability()};
  }
  if (message.has_cutout()) {
    options.cutout = CutoutOptions{.size = message.cutout().size(),
                                   .count = message.cutout().count(),
                                   .probability = message.cutout().probability()};
  }
  return options;
}

std::optional<Augmenter> MakeAugmenter(const v1::Job& job, const JobData& data) {
  if (!job.data().has_augment()) {
    return std::nullopt;
  }
  return std::make_optional<Augmenter>(ToAugmentationOptions(job.data().augment()),
                                       data.train().shape(), data.normalizer(), job.seed());
}

}  // namespace lockstep
