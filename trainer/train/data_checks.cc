#include "trainer/train/data_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "trainer/config/problems.h"

namespace lockstep {

void CheckAugmentation(const LoadedJob& job, const ImageShape& shape) {
  const v1::Augmentation& augment = job.job.data().augment();
  Problems problems(job.positions);
  const int side = std::min(shape.height, shape.width);
  if (augment.crop().padding() >= side) {
    problems.Add("data.augment.crop.padding",
                 fmt::format("must be less than the images' height and width ({} x {}), is {}",
                             shape.height, shape.width, augment.crop().padding()));
  }
  if (augment.cutout().size() > side) {
    problems.Add("data.augment.cutout.size",
                 fmt::format("must be at most the images' height and width ({} x {}), is {}",
                             shape.height, shape.width, augment.cutout().size()));
  }
  problems.ThrowIfAny();
}

void CheckHoldout(const LoadedJob& job, const HoldoutSplit& split) {
  if (!split.holdout.empty()) {
    return;
  }
  const std::string what = fmt::format(
      "needs samples to judge by: data.holdout.fraction of {} samples is less than one; "
      "set data.holdout.samples",
      split.train.size());
  Problems problems(job.positions);
  if (job.written.checkpoint().keep_best()) {
    problems.Add("checkpoint.keep_best", what);
  }
  if (job.written.evaluation().has_early_stopping()) {
    problems.Add("evaluation.early_stopping", what);
  }
  problems.ThrowIfAny();
}

}  // namespace lockstep
