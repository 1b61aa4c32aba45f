#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "comm/communicator.h"
#include "trainer/config/job_file.h"
#include "trainer/data/dataset.h"

namespace lockstep {

struct PreviewRequest {
  LoadedJob job;
  std::filesystem::path data_directory;  // empty: search
  int samples = 8;
  int epochs = 8;
};

// A sample as an epoch of training sees it.
struct AugmentedImage {
  std::vector<uint8_t> pixels = {};         // as PreviewedSample::stored
  std::optional<int32_t> other_label = {};  // of the sample that is mixed in, if one is
  float share = 1;                          // of the sample itself
};

// A sample as it is stored and as the first epochs of training see it.
struct PreviewedSample {
  uint32_t sample = 0;  // its number in the training set, from 0
  int32_t label = 0;
  // For each image three bytes a pixel: red, green, blue. Of one channel: grey, of three: colour,
  // of others: grey, their mean.
  std::vector<uint8_t> stored = {};
  std::vector<AugmentedImage> augmented = {};  // one an epoch
};

struct Preview {
  ImageShape shape = {};
  std::vector<PreviewedSample> samples = {};
};

// Collective. The first samples that training takes, as it would augment them. Numbers stored as
// bytes look as they are; floating-point ones are shown from the lowest stored to the highest of
// all samples here. Throws FailedTogether when the job augments nothing or has fewer samples.
Preview PreviewJob(const PreviewRequest& request, comm::Communicator* communicator);

}  // namespace lockstep
