#pragma once

#include <optional>

#include "trainer/config/job_file.h"
#include "trainer/data/augment/augmentation.h"
#include "trainer/data/augment/augmenter.h"
#include "trainer/train/job_data.h"

namespace lockstep {

// What the message says; nothing is done if it is empty.
AugmentationOptions ToAugmentationOptions(const v1::Augmentation& message);

// Throws ConfigError, with the setting's place, when an operation does not fit images of `shape`.
void CheckAugmentation(const LoadedJob& job, const ImageShape& shape);

// What does the job's augmentation to its samples; none when it has none.
std::optional<Augmenter> MakeAugmenter(const v1::Job& job, const JobData& data);

}  // namespace lockstep
