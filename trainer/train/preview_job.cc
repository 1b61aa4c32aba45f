#include "trainer/train/preview_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "trainer/base/error.h"
#include "trainer/data/batch_loader.h"
#include "trainer/train/augmentation_builder.h"
#include "trainer/train/data_checks.h"
#include "trainer/train/job_data.h"
#include "trainer/train/together.h"

namespace lockstep {
namespace {

// Sheets larger than this are too large to look at.
constexpr int64_t kMostImages = 10'000;
constexpr int64_t kMostPixels = 100'000'000;

void CheckPreviewable(const PreviewRequest& request, const JobData& data) {
  if (!request.job.job.data().has_augment()) {
    throw ConfigError(
        fmt::format("{}: is not set, so there is nothing to see; try --set "
                    "data.augment.rotation.degrees=10",
                    request.job.positions.Describe("data.augment")));
  }
  const ImageShape& shape = data.train().shape();
  CheckAugmentation(request.job, shape);
  const auto samples = static_cast<int64_t>(data.split().train.size());
  if (request.samples > samples) {
    throw ConfigError(fmt::format("--samples must be at most the {} that are trained on, is {}",
                                  samples, request.samples));
  }
  const int64_t images = int64_t{request.samples} * (request.epochs + 1);
  if (images > kMostImages || images * shape.height * shape.width > kMostPixels) {
    throw ConfigError(
        fmt::format("{} images of {} x {} pixels are too many for one sheet; ask for fewer "
                    "--samples or --epochs",
                    images, shape.height, shape.width));
  }
}

// Which values of the pixels are shown black and white.
struct Contrast {
  double black = 0;
  double white = 1;
};

// Shows normalised numbers as bytes.
class Developer {
 public:
  Developer(const Normalizer& normalizer, int channels, Contrast contrast)
      : normalizer_(normalizer), channels_(channels), contrast_(contrast) {}

  // An image of normalised numbers as red, green and blue bytes.
  std::vector<uint8_t> Develop(std::span<const float> image) const {
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < image.size(); i += static_cast<size_t>(channels_)) {
      const std::span<const float> pixel = image.subspan(i, static_cast<size_t>(channels_));
      if (channels_ == 3) {
        for (int channel = 0; channel < 3; ++channel) {
          bytes.push_back(
              ToByte(normalizer_.ToScaled(pixel[static_cast<size_t>(channel)], channel)));
        }
      } else {
        bytes.insert(bytes.end(), 3, ToByte(MeanOf(pixel)));
      }
    }
    return bytes;
  }

 private:
  double MeanOf(std::span<const float> pixel) const {
    double sum = 0;
    for (int channel = 0; channel < channels_; ++channel) {
      sum += normalizer_.ToScaled(pixel[static_cast<size_t>(channel)], channel);
    }
    return sum / channels_;
  }

  uint8_t ToByte(double value) const {
    const double part = (value - contrast_.black) / (contrast_.white - contrast_.black);
    return static_cast<uint8_t>(std::lround(255 * std::clamp(part, 0.0, 1.0)));
  }

  const Normalizer& normalizer_;
  int channels_;
  Contrast contrast_;
};

Contrast ContrastOf(const Dataset& dataset, std::span<const uint32_t> samples) {
  if (dataset.pixel_type() == PixelType::kUint8) {
    return {};
  }
  Contrast contrast{.black = dataset.Float32Pixels(samples[0])[0],
                    .white = dataset.Float32Pixels(samples[0])[0]};
  for (const uint32_t sample : samples) {
    const auto [lowest, highest] = std::ranges::minmax(dataset.Float32Pixels(sample));
    contrast.black = std::min(contrast.black, double{lowest});
    contrast.white = std::max(contrast.white, double{highest});
  }
  if (contrast.white <= contrast.black) {
    contrast.white = contrast.black + 1;
  }
  return contrast;
}

Preview Draw(const PreviewRequest& request, const JobData& data) {
  const Dataset& dataset = data.train();
  Sampler sampler(request.job.job.seed(), data.split().train);
  const std::span<const uint32_t> first = sampler.Samples(0, {0, request.samples});
  const std::vector<uint32_t> samples(first.begin(), first.end());
  const Developer developer(data.normalizer(), dataset.shape().channels,
                            ContrastOf(dataset, samples));
  Preview preview{.shape = dataset.shape()};
  const auto image_of = [&](const Microbatch& microbatch, size_t i) {
    const auto size = static_cast<size_t>(dataset.shape().size());
    return developer.Develop(std::span(microbatch.images).subspan(i * size, size));
  };
  Microbatch microbatch;
  BatchLoader(dataset, data.normalizer(), sampler).LoadSamples(0, samples, &microbatch);
  for (size_t i = 0; i < samples.size(); ++i) {
    preview.samples.push_back(
        {.sample = samples[i], .label = microbatch.labels[i], .stored = image_of(microbatch, i)});
  }
  BatchLoader augmenting(dataset, data.normalizer(), sampler, MakeAugmenter(request.job.job, data));
  for (int epoch = 0; epoch < request.epochs; ++epoch) {
    augmenting.LoadSamples(static_cast<uint32_t>(epoch), samples, &microbatch);
    for (size_t i = 0; i < samples.size(); ++i) {
      AugmentedImage image{.pixels = image_of(microbatch, i)};
      if (!microbatch.shares.empty()) {
        image.other_label = microbatch.other_labels[i];
        image.share = microbatch.shares[i];
      }
      preview.samples[i].augmented.push_back(std::move(image));
    }
  }
  return preview;
}

}  // namespace

Preview PreviewJob(const PreviewRequest& request, comm::Communicator* communicator) {
  const JobData data(request.job.job.data(), request.data_directory, communicator);
  Preview preview;
  RunTogether(communicator, [&] {
    CheckPreviewable(request, data);
    if (communicator->rank() == 0) {
      preview = Draw(request, data);
    }
  });
  return preview;
}

}  // namespace lockstep
