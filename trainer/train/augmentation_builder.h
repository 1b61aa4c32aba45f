#pragma once

#include <optional>

#include "trainer/config/job.pb.h"
#include "trainer/data/augment/augmentation.h"
#include "trainer/data/augment/augmenter.h"
#include "trainer/train/job_data.h"

namespace lockstep {

// What the message says; nothing is done if it is empty.
AugmentationOptions ToAugmentationOptions(const v1::Augmentation& message);

// What does the job's augmentation to its samples; none when it has none.
std::optional<Augmenter> MakeAugmenter(const v1::Job& job, const JobData& data);

}  // namespace lockstep
