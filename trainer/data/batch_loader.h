#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

  int64_t size() const { return static_cast<int64_t>(labels.size()); }
};

// Gathers the samples of a microbatch: their order from the sampler, pixels from the data set,
// normalised. What it writes depends on the request alone, never on earlier calls.
// Not thread-safe, because its sampler is not; movable to the thread that will use it.
class BatchLoader {
 public:
  // The memory that `dataset` views must outlive the loader.
  BatchLoader(const Dataset& dataset, Normalizer normalizer, Sampler sampler);

  // Images of the microbatch have this shape.
  const ImageShape& shape() const { return dataset_.shape(); }

  void Load(const MicrobatchRequest& request, Microbatch* out);

 private:
  void LoadImage(uint32_t sample, std::span<float> image) const;

  Dataset dataset_;
  Normalizer normalizer_;
  Sampler sampler_;
};

}  // namespace lockstep
