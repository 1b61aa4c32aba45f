#include "trainer/train/bench_job.h"

#include <algorithm>
#include <memory>

#include "trainer/train/net_builder.h"
#include "trainer/train/rank_threads.h"
#include "trainer/train/together.h"
#include "trainer/train/training_pipeline.h"

namespace lockstep {
namespace {

// Seconds spent in each stage of the net so far, summed over the workers.
std::vector<LayerTime> LayerTimes(const Net& net, const GradientStep& step) {
  std::vector<LayerTime> layers;
  const std::span<const Stage> stages = step.executors()[0]->stages();
  for (size_t i = 0; i < stages.size(); ++i) {
    LayerTime& layer =
        layers.emplace_back(LayerTime{.name = net.nodes()[stages[i].first].name,
                                      .kind = std::string(stages[i].layer->kind()),
                                      .algorithm = std::string(stages[i].plan.algorithm)});
    for (int node = stages[i].first; node <= stages[i].last; ++node) {
      layer.flops += net.nodes()[node].plan.flops;
    }
    for (const auto& executor : step.executors()) {
      layer.forward_seconds += executor->seconds()[i].forward;
      layer.backward_seconds += executor->seconds()[i].backward;
    }
  }
  return layers;
}

}  // namespace

BenchResult BenchJob(const BenchRequest& request, comm::Communicator* communicator) {
  v1::Job job = request.job.job;
  const JobData data(job.data(), request.data_directory, communicator);
  std::unique_ptr<Net> net;
  RunTogether(communicator,
              [&] { net = BuildNet(request.job, data.shape(), data.train().classes()); });
  RankThreads threads(request.threads, communicator);
  TrainingState state;
  RunTogether(communicator, [&] { state = NewState(job, *net); });
  const int64_t warm_up = std::max<int64_t>(1, request.steps / 10);
  job.set_steps(warm_up + request.steps);
  TrainingOptions options = ToTrainingOptions(job, static_cast<int64_t>(data.split().train.size()));
  TrainingPipeline pipeline(job, data, *net, &threads.workers(), communicator, options, 0);
  RankTimes rank_times(pipeline.prefetcher(), pipeline.reducer());
  const auto train_until = [&](int64_t last_step) {
    options.run_length.total_steps = last_step;
    TrainingLoop loop(options,
                      {.communicator = *communicator, .gradient_step = pipeline.gradient_step()},
                      &state);
    loop.Run();
    return loop.step_seconds();
  };
  train_until(warm_up);
  const std::vector<LayerTime> before = LayerTimes(*net, pipeline.gradient_step());
  const int64_t samples_before = state.position.samples_seen;
  rank_times.Collect(communicator);
  BenchResult result{.steps = request.steps,
                     .ranks = communicator->size(),
                     .threads = threads.workers().size(),
                     .seconds = train_until(warm_up + request.steps)};
  const RankRow own = rank_times.Collect(communicator)[static_cast<size_t>(communicator->rank())];
  result.samples = state.position.samples_seen - samples_before;
  result.images_per_second = static_cast<double>(result.samples) / result.seconds;
  result.data_wait_seconds = own.data_wait;
  result.reduce_wait_seconds = own.reduce_wait;
  result.layers = LayerTimes(*net, pipeline.gradient_step());
  for (size_t i = 0; i < before.size(); ++i) {
    result.layers[i].forward_seconds -= before[i].forward_seconds;
    result.layers[i].backward_seconds -= before[i].backward_seconds;
  }
  return result;
}

}  // namespace lockstep
