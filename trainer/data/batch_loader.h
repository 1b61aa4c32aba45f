#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "trainer/data/augment/augmenter.h"
#include "trainer/data/dataset.h"
#include "trainer/data/normalization.h"
#include "trainer/data/sampler.h"
#include "trainer/data/step_plan.h"

namespace lockstep {

// Which microbatch to load.
struct MicrobatchRequest {
  int64_t step = 0;
  int64_t index = 0;  // within the step
  uint32_t epoch = 0;
  IndexRange positions = {};  // in the epoch's order
};

// The request for microbatch `index` of `step`.
MicrobatchRequest RequestFor(const StepPlan& plan, int64_t step, int64_t index);

// What a network computes on at once. Filled over and over: its vectors keep their memory.
struct Microbatch {
  int64_t step = 0;
  int64_t index = 0;                 // within the step
  std::vector<float> images;         // N, H, W, C; normalised
  std::vector<int32_t> labels;       // N
  std::vector<uint32_t> sample_ids;  // N; indices into the data set

  // Where samples are mixed, for each the label of the other one in it, and its own share; else
  // empty.
  std::vector<int32_t> other_labels;
  std::vector<float> shares;

  int64_t size() const { return static_cast<int64_t>(labels.size()); }
};

// Gathers the samples of a microbatch: their order from the sampler, pixels from the data set,
// normalised, and augmented where there is an augmenter. What it writes depends on the request
// alone, never on earlier calls. Not thread-safe, because sampler and augmenter are not; movable to
// the thread that will use it.
class BatchLoader {
 public:
  // The memory that `dataset` views must outlive the loader.
  BatchLoader(const Dataset& dataset, Normalizer normalizer, Sampler sampler,
              std::optional<Augmenter> augmenter = std::nullopt);

  // Images of the microbatch have this shape.
  const ImageShape& shape() const { return dataset_.shape(); }

  // Begins with a microbatch: which samples it has is known, none is loaded.
  void Begin(const MicrobatchRequest& request, Microbatch* out);
  // Loads up to `most` more samples of what was begun. Returns whether all are loaded.
  bool Continue(int64_t most, Microbatch* out);

  // From the first sample to the last.
  void Load(const MicrobatchRequest& request, Microbatch* out);
  void LoadSamples(uint32_t epoch, std::span<const uint32_t> samples, Microbatch* out);

 private:
  // Begin, for the given samples whatever their order.
  void BeginSamples(uint32_t epoch, std::span<const uint32_t> samples, Microbatch* out);
  void LoadSample(size_t i, Microbatch* out);
  // The image of a sample as it is in the epoch, not mixed.
  void LoadImage(uint32_t sample, std::span<float> image);
  // Mixes sample `i` of the microbatch with another one, if samples are mixed.
  void MixIn(size_t i, std::span<float> image, Microbatch* out);

  Dataset dataset_;
  Normalizer normalizer_;
  Sampler sampler_;
  std::optional<Augmenter> augmenter_;
  std::vector<float> other_image_;
  // Of the microbatch that was begun.
  uint32_t epoch_ = 0;
  size_t loaded_ = 0;
};

}  // namespace lockstep
