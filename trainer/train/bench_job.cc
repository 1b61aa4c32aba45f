#include "trainer/train/bench_job.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "trainer/train/data_checks.h"
#include "trainer/train/evaluator.h"
#include "trainer/train/net_builder.h"
#include "trainer/train/rank_threads.h"
#include "trainer/train/together.h"
#include "trainer/train/training_pipeline.h"

namespace lockstep {
namespace {

using Executors = std::vector<const NetExecutor*>;

// Seconds spent in each stage of the net so far, summed over the workers.
std::vector<LayerTime> LayerTimes(const Net& net, const Executors& executors) {
  std::vector<LayerTime> layers;
  const std::span<const Stage> stages = executors[0]->plan().stages();
  for (size_t i = 0; i < stages.size(); ++i) {
    LayerTime& layer =
        layers.emplace_back(LayerTime{.name = net.nodes()[stages[i].first].name,
                                      .kind = std::string(stages[i].layer->kind()),
                                      .algorithm = std::string(stages[i].plan.algorithm)});
    for (int node = stages[i].first; node <= stages[i].last; ++node) {
      layer.flops += net.nodes()[node].plan.flops;
    }
    for (const NetExecutor* const executor : executors) {
      layer.forward_seconds += executor->seconds()[i].forward;
      layer.backward_seconds += executor->seconds()[i].backward;
    }
  }
  return layers;
}

std::vector<LayerTime> Since(const std::vector<LayerTime>& before, std::vector<LayerTime> now) {
  for (size_t i = 0; i < before.size(); ++i) {
    now[i].forward_seconds -= before[i].forward_seconds;
    now[i].backward_seconds -= before[i].backward_seconds;
  }
  return now;
}

// What both kinds of measuring work on.
struct Bench {
  v1::Job job;
  const JobData& data;
  const Net& net;
  RankThreads& threads;
  comm::Communicator* communicator;
  TrainingState state;
  int64_t warm_up;
  int64_t steps;
};

BenchResult BenchTraining(Bench* bench) {
  comm::Communicator* const communicator = bench->communicator;
  bench->job.set_steps(bench->warm_up + bench->steps);
  TrainingOptions options =
      ToTrainingOptions(bench->job, static_cast<int64_t>(bench->data.split().train.size()));
  TrainingPipeline pipeline(bench->job, bench->data, bench->net, &bench->threads, communicator,
                            options, 0);
  RankTimes rank_times(pipeline.prefetcher(), pipeline.gradient_step(), pipeline.weight_update());
  Executors executors;
  for (const auto& executor : pipeline.gradient_step().executors()) {
    executors.push_back(executor.get());
  }
  const auto train_until = [&](int64_t last_step) {
    options.run_length.total_steps = last_step;
    TrainingLoop loop(options,
                      {.communicator = *communicator,
                       .gradient_step = pipeline.gradient_step(),
                       .weight_update = pipeline.weight_update()},
                      &bench->state);
    loop.Run();
    return loop.step_seconds();
  };
  train_until(bench->warm_up);
  const std::vector<LayerTime> before = LayerTimes(bench->net, executors);
  const int64_t samples_before = bench->state.position.samples_seen;
  rank_times.Collect(communicator);
  const double load_before = pipeline.prefetcher().load_seconds();
  BenchResult result{.steps = bench->steps};
  result.seconds = train_until(bench->warm_up + bench->steps);
  const RankRow own = rank_times.Collect(communicator)[static_cast<size_t>(communicator->rank())];
  result.samples = bench->state.position.samples_seen - samples_before;
  result.data_wait_seconds = own.data_wait;
  result.data_load_seconds = pipeline.prefetcher().load_seconds() - load_before;
  result.reduce_wait_seconds = own.reduce_wait;
  result.layers = Since(before, LayerTimes(bench->net, executors));
  return result;
}

// Training samples, from the first on and around.
std::vector<uint32_t> FirstSamples(const JobData& data, int64_t count) {
  const std::vector<uint32_t>& all = data.split().train;
  std::vector<uint32_t> samples;
  samples.reserve(count);
  for (int64_t i = 0; i < count; ++i) {
    samples.push_back(all[i % all.size()]);
  }
  return samples;
}

BenchResult BenchInference(Bench* bench) {
  Evaluator evaluator({{.net = &bench->net, .values = bench->state.values}}, bench->communicator,
                      &bench->threads.workers());
  Executors executors;
  for (const auto& members : evaluator.executors()) {
    executors.push_back(members[0].get());
  }
  const auto evaluate = [&](int64_t steps) {
    const std::vector<uint32_t> samples =
        FirstSamples(bench->data, steps * bench->job.global_batch());
    const auto start = std::chrono::steady_clock::now();
    evaluator.Run(bench->data.train(), bench->data.normalizer(), samples, nullptr);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  evaluate(bench->warm_up);
  const std::vector<LayerTime> before = LayerTimes(bench->net, executors);
  BenchResult result{.steps = bench->steps, .samples = bench->steps * bench->job.global_batch()};
  result.seconds = evaluate(bench->steps);
  result.layers = Since(before, LayerTimes(bench->net, executors));
  return result;
}

}  // namespace

BenchResult BenchJob(const BenchRequest& request, comm::Communicator* communicator) {
  const JobData data(request.job.job.data(), request.data_directory, communicator);
  std::unique_ptr<Net> net;
  RunTogether(communicator, [&] {
    CheckAugmentation(request.job, data.train().shape());
    net = BuildNet(request.job, data.shape(), data.train().classes());
  });
  RankThreads threads(request.threads, communicator);
  Bench bench{.job = request.job.job,
              .data = data,
              .net = *net,
              .threads = threads,
              .communicator = communicator,
              .state = NewState(request.job.job, *net, communicator),
              .warm_up = std::max<int64_t>(1, request.steps / 10),
              .steps = request.steps};
  BenchResult result = request.inference ? BenchInference(&bench) : BenchTraining(&bench);
  result.inference = request.inference;
  result.ranks = communicator->size();
  result.threads = threads.workers().size();
  result.images_per_second = static_cast<double>(result.samples) / result.seconds;
  return result;
}

}  // namespace lockstep
