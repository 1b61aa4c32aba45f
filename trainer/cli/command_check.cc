#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "trainer/cli/command.h"
#include "trainer/cli/job_arguments.h"
#include "trainer/cli/net_table.h"
#include "trainer/cli/output.h"
#include "trainer/nn/execution_plan.h"
#include "trainer/report/table.h"
#include "trainer/train/data_checks.h"
#include "trainer/train/job_data.h"
#include "trainer/train/net_builder.h"
#include "trainer/train/optimizer_builder.h"
#include "trainer/train/rank_threads.h"
#include "trainer/train/together.h"
#include "trainer/train/training_pipeline.h"

namespace lockstep {
namespace {

struct CheckArguments {
  JobArguments job;
  int threads = 0;
  bool json = false;
};

// What the ranks of rank 0's node keep in memory while training, in bytes.
struct TrainingMemory {
  int ranks = 1;
  // Shared.
  int64_t data = 0;
  int64_t parameters = 0;  // values, gradient, optimiser slots, average
  int64_t prepared = 0;    // what layers derive from their parameters
  int64_t sums = 0;        // of each rank's gradients
  // Of each thread of each rank.
  MemoryPlan training;
  int64_t evaluation = 0;
  int threads = 1;

  int64_t shared() const { return data + parameters + prepared + sums; }
  // Of each rank.
  int64_t arenas() const { return threads * (training.bytes + evaluation); }
};

int64_t DataBytes(const Dataset& dataset) {
  const int64_t pixel = dataset.pixel_type() == PixelType::kUint8 ? 1 : 4;
  return dataset.size() * (dataset.shape().size() * pixel + 4);
}

// With `ranks` ranks on the node, with `threads` each.
TrainingMemory MemoryOf(const v1::Job& job, const JobData& data, const Net& net, int ranks,
                        int threads) {
  const auto optimizer = BuildOptimizer(job, {});
  const auto slots = static_cast<int64_t>(optimizer->slot_names().size());
  // Weights, gradient; weights once more where ranks publish them; average.
  const int64_t values = 2 + (ranks > 1 ? 1 : 0) + (job.has_weight_average() ? 1 : 0);
  const ExecutionPlan training(net, Phase::kTraining);
  const ExecutionPlan evaluation(net, Phase::kEvaluation);
  const int64_t sum_bytes = job.reduction() == v1::Job::FLOAT32 ? 4 : 8;
  return {
      .ranks = ranks,
      .data = DataBytes(data.train()) + DataBytes(data.test()),
      .parameters = 4 * (values * net.parameters().value_count() + slots * net.parameters().size()),
      .prepared = training.prepared_bytes() + evaluation.prepared_bytes(),
      .sums = ranks * sum_bytes * net.parameters().value_count(),
      .training = training.memory(),
      .evaluation = evaluation.memory().bytes,
      .threads = threads};
}

struct CheckResult {
  const v1::Job& job;
  const JobData& data;
  const Net& net;
  TrainingOptions options;
  int ranks;
  int threads;
  TrainingMemory memory;
  std::vector<int64_t> microbatches;  // of a full step, by rank
};

int64_t ScratchBytes(const MemoryPlan& plan) {
  int64_t most = 0;
  for (const StageMemory& stage : plan.stages) {
    most = std::max({most, stage.forward_scratch.bytes, stage.backward_scratch.bytes});
  }
  return most;
}

// What shares a thread's arena while it trains, each as if it had memory of its own.
nlohmann::ordered_json ArenaJson(const MemoryPlan& plan) {
  return {{"bytes", plan.bytes},
          {"activations", plan.Sum(&StageMemory::activation)},
          {"gradients", plan.Sum(&StageMemory::gradient)},
          {"saved", plan.Sum(&StageMemory::saved)},
          {"scratch", ScratchBytes(plan)},
          {"parameter_gradients", plan.parameter_gradients.bytes}};
}

nlohmann::ordered_json ToJson(const CheckResult& result) {
  return {{"name", result.job.name()},
          {"training_samples", result.data.split().train.size()},
          {"holdout_samples", result.data.split().holdout.size()},
          {"test_samples", result.data.test().size()},
          {"steps_per_epoch", result.options.run_length.steps_per_epoch},
          {"total_steps", result.options.run_length.total_steps},
          {"learning_rate", result.options.learning_rate},
          {"ranks", result.ranks},
          {"threads", result.threads},
          {"microbatches_per_rank", result.microbatches},
          {"memory_bytes",
           {{"data", result.memory.data},
            {"parameters", result.memory.parameters},
            {"prepared", result.memory.prepared},
            {"sums", result.memory.sums},
            {"shared", result.memory.shared()},
            {"threads", result.memory.arenas()},
            {"arena", ArenaJson(result.memory.training)}}},
          {"network", NetJson(result.net)}};
}

// The learning rate that the schedule multiplies, and how it came about.
std::string DescribeLearningRate(const CheckResult& result) {
  const v1::Schedule_Scaling& scaling = result.job.schedule().scaling();
  if (scaling.rule() == v1::Schedule_Scaling::NONE) {
    return fmt::format("learning rate {}", result.options.learning_rate);
  }
  const bool linear = scaling.rule() == v1::Schedule_Scaling::LINEAR;
  return fmt::format("learning rate {:.6g}: {} for a batch of {}, times {}{} / {}",
                     result.options.learning_rate, BaseLearningRate(result.job.optimizer()),
                     scaling.reference_batch(), linear ? "" : "the root of ",
                     result.job.global_batch(), scaling.reference_batch());
}

// What works, but perhaps not as it was meant.
void PrintNotes(const CheckResult& result) {
  const auto print = [](const std::string& note) { PrintText("note: " + note + "\n"); };
  if (const std::string remark = RemarkOnSchedule(result.options); !remark.empty()) {
    print(remark);
  }
  const auto samples = static_cast<int64_t>(result.data.split().train.size());
  if (result.job.global_batch() > samples) {
    print(
        fmt::format("a step takes all of the {} training samples: global_batch, which learning "
                    "rates are scaled by, is larger",
                    samples));
  }
  if (std::ranges::max(result.microbatches) < result.threads) {
    print("some threads will have nothing to do; a smaller microbatch would use them");
  }
}

void PrintReadable(const CheckResult& result) {
  const auto megabytes = [](int64_t bytes) {
    return fmt::format("{:.1f} MB", static_cast<double>(bytes) * 1e-6);
  };
  PrintText(NetTable(result.net));
  PrintText(fmt::format(
      "\n{}: {} training, {} hold-out and {} test samples of {}\n"
      "{} steps an epoch, {} in all, of up to {} samples in microbatches of {}\n",
      result.job.name(), result.data.split().train.size(), result.data.split().holdout.size(),
      result.data.test().size(), result.data.train().content(),
      result.options.run_length.steps_per_epoch, result.options.run_length.total_steps,
      result.job.global_batch(), result.job.microbatch()));
  PrintText(DescribeLearningRate(result) + "\n");
  const auto [fewest, most] = std::ranges::minmax(result.microbatches);
  PrintText(fmt::format(
      "{} rank{} with {} thread{} each: {} microbatches a step and rank\n", result.ranks,
      result.ranks == 1 ? "" : "s", result.threads, result.threads == 1 ? "" : "s",
      fewest == most ? fmt::format("{}", most) : fmt::format("{} to {}", fewest, most)));
  const TrainingMemory& memory = result.memory;
  const bool one = memory.ranks == 1;
  PrintText(fmt::format(
      "memory of a node with {} rank{}: {}{} (data {}, parameters {}, what layers prepare of them "
      "{}, sums of gradients {}), and {} for the threads of {}\n",
      memory.ranks, one ? "" : "s", megabytes(memory.shared()), one ? "" : " in /dev/shm",
      megabytes(memory.data), megabytes(memory.parameters), megabytes(memory.prepared),
      megabytes(memory.sums), megabytes(memory.arenas()), one ? "it" : "each"));
  const MemoryPlan& arena = memory.training;
  PrintText(fmt::format(
      "a thread's arena: {}, shared in turn by activations ({}), their gradients ({}), what the "
      "way "
      "back needs ({}), scratch ({}) and parameter gradients ({})\n",
      megabytes(arena.bytes), megabytes(arena.Sum(&StageMemory::activation)),
      megabytes(arena.Sum(&StageMemory::gradient)), megabytes(arena.Sum(&StageMemory::saved)),
      megabytes(ScratchBytes(arena)), megabytes(arena.parameter_gradients.bytes)));
  PrintNotes(result);
}

ExitCode Check(const CheckArguments& arguments, const CollectiveContext& context) {
  comm::Communicator* communicator = context.communicator;
  const LoadedJob job = arguments.job.LoadTogether(communicator);
  const JobData data(job.job.data(), arguments.job.data_directory, communicator);
  std::unique_ptr<Net> net;
  RunTogether(communicator, [&] {
    CheckAugmentation(job, data.train().shape());
    CheckHoldout(job, data.split());
    net = BuildNet(job, data.shape(), data.train().classes());
  });
  RankThreads threads(arguments.threads, communicator);
  if (communicator->rank() != 0) {
    return ExitCode::kDone;
  }
  const int workers = threads.workers().size();
  CheckResult result{
      .job = job.job,
      .data = data,
      .net = *net,
      .options = ToTrainingOptions(job.job, static_cast<int64_t>(data.split().train.size())),
      .ranks = communicator->size(),
      .threads = workers,
      .memory = MemoryOf(job.job, data, *net, communicator->node_size(), workers),
      .microbatches = {}};
  const int64_t microbatches = result.options.plan.MicrobatchCount(0);
  for (int rank = 0; rank < result.ranks; ++rank) {
    result.microbatches.push_back(DealMicrobatches(microbatches, rank, result.ranks).size());
  }
  if (arguments.json) {
    PrintJson(ToJson(result));
  } else {
    PrintReadable(result);
  }
  return ExitCode::kDone;
}

}  // namespace

void AddCheckCommand(Command program, Action* action) {
  auto arguments = std::make_shared<CheckArguments>();
  Command command = program.AddCommand(
      "check", "Validate a job and its data without training; say what would run");
  AddJobArguments(command, &arguments->job);
  AddThreadsOption(command, &arguments->threads);
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] {
    action->collective = [=](const CollectiveContext& context) {
      return Check(*arguments, context);
    };
  });
}

}  // namespace lockstep
