#include "trainer/train/training_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "trainer/train/augmentation_builder.h"
#include "trainer/train/optimizer_builder.h"

namespace lockstep {
namespace {

// This rank's microbatches of the steps from `first_step` on, in order.
Prefetcher::NextRequest OwnMicrobatches(const StepPlan& plan, int64_t first_step,
                                        int64_t total_steps, int rank, int ranks) {
  return [=, step = first_step, taken = int64_t{0}]() mutable -> std::optional<MicrobatchRequest> {
    for (; step < total_steps; ++step, taken = 0) {
      const IndexRange own = DealMicrobatches(plan.MicrobatchCount(step), rank, ranks);
      if (taken < own.size()) {
        return RequestFor(plan, step, own.begin + taken++);
      }
    }
    return std::nullopt;
  };
}

std::unique_ptr<comm::Reducer> BuildReducer(const v1::Job& job, const Net& net,
                                            const comm::Communicator& communicator) {
  const Part own = WeightUpdate::PartToRead(net.parameters(), communicator);
  const comm::ReducerOptions options{
      .size = net.parameters().value_count(),
      .tallies = kTallies,
      .to_read = {.begin = static_cast<int64_t>(own.begin), .end = static_cast<int64_t>(own.end)}};
  return job.reduction() == v1::Job::FLOAT32 ? comm::MakeFloatReducer(communicator, options)
                                             : comm::MakeExactReducer(communicator, options);
}

}  // namespace

TrainingOptions ToTrainingOptions(const v1::Job& job, int64_t training_samples) {
  const StepPlan plan(training_samples, job.global_batch(), job.microbatch());
  const int64_t per_epoch = plan.steps_per_epoch();
  const v1::Checkpoint& checkpoint = job.checkpoint();
  return {.plan = plan,
          .run_length = {.steps_per_epoch = per_epoch,
                         .total_steps = job.has_steps() ? job.steps() : job.epochs() * per_epoch},
          .evaluate_every_steps = job.evaluation().every_epochs() * per_epoch,
          .save_every_steps = checkpoint.has_every_steps() ? checkpoint.every_steps()
                                                           : checkpoint.every_epochs() * per_epoch,
          .keep_best = checkpoint.keep_best(),
          .patience = job.evaluation().early_stopping().patience(),
          .learning_rate = ScaledLearningRate(job),
          .schedule = ToScheduleOptions(job.schedule())};
}

std::string RemarkOnSchedule(const TrainingOptions& options) {
  const int64_t warmup_steps = WarmupSteps(options.schedule, options.run_length);
  if (warmup_steps <= options.run_length.total_steps) {
    return "";
  }
  return fmt::format(
      "schedule.warmup takes {} steps and the run has {}: the learning rate never rises to the one "
      "that the job states",
      warmup_steps, options.run_length.total_steps);
}

TrainingState NewState(const v1::Job& job, const Net& net, const comm::Communicator* communicator) {
  const ParameterLayout& layout = net.parameters();
  std::optional<double> average_decay;
  if (job.has_weight_average()) {
    average_decay = job.weight_average().decay();
  }
  TrainingState state =
      MakeState(layout, BuildOptimizer(job, BlocksOf(layout, job.regularization())), average_decay,
                communicator);
  state.memory.WriteOnce([&] {
    Initialize(layout, job.seed(), state.values);
    std::copy_n(state.values.begin(), state.average.size(), state.average.begin());
  });
  return state;
}

TrainingPipeline::TrainingPipeline(const v1::Job& job, const JobData& data, const Net& net,
                                   RankThreads* threads, comm::Communicator* communicator,
                                   const TrainingOptions& options, int64_t first_step)
    : prefetcher_(BatchLoader(data.train(), data.normalizer(),
                              Sampler(job.seed(), data.split().train), MakeAugmenter(job, data)),
                  OwnMicrobatches(options.plan, first_step, options.run_length.total_steps,
                                  communicator->rank(), communicator->size()),
                  {.buffers = threads->workers().size() + job.data().prefetch(),
                   .ahead = threads->LoadsAhead(),
                   .on_start = [threads] { threads->PlaceLoader(); }}),
      reducer_(BuildReducer(job, net, *communicator)),
      gradient_step_(net, job.seed(), ToLossOptions(job), &threads->workers(), &prefetcher_,
                     *communicator, reducer_.get()),
      weight_update_(net.parameters(), ToClipOptions(job.regularization()), &threads->workers(),
                     *communicator) {}

}  // namespace lockstep
