#include "trainer/config/validate_job.h"

#include "trainer/config/defaults.h"
#include "trainer/config/names.h"
#include "trainer/config/zoo/zoo.h"

namespace lockstep {
namespace {

void CheckBatch(const v1::Job& job, Problems* problems) {
  if (job.microbatch() > job.global_batch() && job.global_batch() >= 1) {
    problems->Add("microbatch", fmt::format("must be at most global_batch ({}), is {}",
                                            job.global_batch(), job.microbatch()));
  }
}

void CheckData(const v1::Data& data, Problems* problems) {
  if (data.has_digits() && data.holdout().samples() > 0 && data.digits().train_samples() >= 1 &&
      data.holdout().samples() >= data.digits().train_samples()) {
    problems->Add("data.holdout.samples",
                  fmt::format("must be less than data.digits.train_samples ({}), is {}",
                              data.digits().train_samples(), data.holdout().samples()));
  }
  const v1::Normalization_Fixed& fixed = data.normalization().fixed();
  if (fixed.mean_size() > 0 && fixed.standard_deviation_size() > 0 &&
      fixed.mean_size() != fixed.standard_deviation_size()) {
    problems->Add("data.normalization.fixed.standard_deviation",
                  fmt::format("must have as many numbers as mean ({}), has {}", fixed.mean_size(),
                              fixed.standard_deviation_size()));
  }
}

void CheckMilestones(const v1::Schedule_MultiStep& schedule, Problems* problems) {
  const std::string path = "schedule.multi_step";
  if ((schedule.epochs_size() > 0) == (schedule.steps_size() > 0)) {
    problems->Add(path, "must set one of epochs, steps");
  }
  const auto check_order = [&](const auto& milestones, const std::string& name) {
    for (int i = 1; i < milestones.size(); ++i) {
      if (milestones[i] <= milestones[i - 1]) {
        problems->Add(fmt::format("{}.{}[{}]", path, name, i),
                      fmt::format("must be greater than the one before it ({}), is {}",
                                  milestones[i - 1], milestones[i]));
      }
    }
  };
  check_order(schedule.epochs(), "epochs");
  check_order(schedule.steps(), "steps");
}

void CheckSchedule(const v1::Schedule& schedule, Problems* problems) {
  if (schedule.has_multi_step()) {
    CheckMilestones(schedule.multi_step(), problems);
  }
  const v1::Schedule_Scaling& scaling = schedule.scaling();
  if (scaling.rule() != v1::Schedule_Scaling::NONE && !scaling.has_reference_batch()) {
    problems->Add("schedule.scaling.reference_batch",
                  "must be set: the global batch that the optimizer's learning_rate suits");
  }
}

void CheckAugment(const v1::Augmentation& augment, Problems* problems) {
  const v1::Augmentation_Scale& scale = augment.scale();
  if (scale.has_lowest() && scale.has_highest() && scale.lowest() > scale.highest()) {
    problems->Add("data.augment.scale.lowest", fmt::format("must be at most highest ({}), is {}",
                                                           scale.highest(), scale.lowest()));
  }
}

void CheckTraining(const v1::Job& job, Problems* problems) {
  const v1::Sgd& sgd = job.optimizer().sgd();
  if (sgd.nesterov() && sgd.momentum() == 0) {
    problems->Add("optimizer.sgd.nesterov", "needs a momentum greater than 0");
  }
  const v1::Warmup& warmup = job.schedule().warmup();
  if (warmup.has_steps() && job.has_steps() && warmup.steps() > job.steps()) {
    problems->Add(
        "schedule.warmup.steps",
        fmt::format("must be at most the job's steps ({}), is {}", job.steps(), warmup.steps()));
  }
  if (warmup.has_epochs() && job.has_epochs() && warmup.epochs() > job.epochs()) {
    problems->Add(
        "schedule.warmup.epochs",
        fmt::format("must be at most the job's epochs ({}), is {}", job.epochs(), warmup.epochs()));
  }
}

void CheckOutput(const v1::Job& job, Problems* problems) {
  const int last = job.model().layer_size() - 1;
  if (last >= 0 && job.model().layer(last).has_softmax() &&
      job.loss() == v1::SOFTMAX_CROSS_ENTROPY) {
    problems->Add(fmt::format("model.layer[{}].softmax", last),
                  "must not be the last layer: leave it out, the loss contains it");
  }
}

void CheckCheckpoint(const v1::Job& job, Problems* problems) {
  if (!job.has_data() || HoldsOut(job.data().holdout())) {
    return;
  }
  if (job.checkpoint().keep_best()) {
    problems->Add("checkpoint.keep_best",
                  "needs samples to judge by: data.holdout holds out nothing");
  }
  if (job.evaluation().has_early_stopping()) {
    problems->Add("evaluation.early_stopping",
                  "needs samples to judge by: data.holdout holds out nothing");
  }
}

}  // namespace

void ValidateJob(const v1::Job& written, const v1::Job& effective, Problems* problems) {
  ValidateSettings(written, problems);
  if (const std::string what = CheckName(written.name()); !what.empty()) {
    problems->Add("name", what);
  }
  if (written.has_model()) {
    ValidateLayers(written.model(), problems);
    ValidateZoo(written, problems);
    if (!effective.model().has_zoo()) {
      ValidateGraph(effective.model(), problems);
    }
    CheckOutput(effective, problems);
  }
  CheckBatch(effective, problems);
  if (written.has_data()) {
    CheckData(effective.data(), problems);
    CheckAugment(effective.data().augment(), problems);
  }
  CheckTraining(effective, problems);
  CheckSchedule(effective.schedule(), problems);
  CheckCheckpoint(effective, problems);
}

}  // namespace lockstep
