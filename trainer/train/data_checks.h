#pragma once

#include "trainer/config/job_file.h"
#include "trainer/data/dataset.h"
#include "trainer/data/holdout.h"

namespace lockstep {

// What can be wrong with a job that is known only once its data is there. Both throw ConfigError
// with the setting's place.

// Refuses operations that do not fit images of `shape`.
void CheckAugmentation(const LoadedJob& job, const ImageShape& shape);

// Refuses settings that need hold-out samples where data.holdout comes to none.
void CheckHoldout(const LoadedJob& job, const HoldoutSplit& split);

}  // namespace lockstep
