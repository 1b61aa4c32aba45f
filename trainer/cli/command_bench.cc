#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/cli/command.h"
#include "trainer/cli/job_arguments.h"
#include "trainer/cli/output.h"
#include "trainer/report/table.h"
#include "trainer/train/bench_job.h"

namespace lockstep {
namespace {

struct BenchArguments {
  JobArguments job;
  int64_t steps = 100;
  int threads = 0;
  bool inference = false;
  bool json = false;
};

// Forward and backward together cost about three times the forward pass: one product for the
// output, one for each gradient. Operations are those of the direct way.
double GigaflopsPerSecond(const LayerTime& layer, const BenchResult& result) {
  const double samples_here = static_cast<double>(result.samples) / result.ranks;
  return (result.inference ? 1.0 : 3.0) * static_cast<double>(layer.flops) * samples_here /
         (layer.forward_seconds + layer.backward_seconds) * 1e-9;
}

nlohmann::ordered_json ToJson(const BenchResult& result) {
  nlohmann::ordered_json object{{"phase", result.inference ? "inference" : "training"},
                                {"images_per_second", result.images_per_second},
                                {"ranks", result.ranks},
                                {"threads", result.threads},
                                {"steps", result.steps},
                                {"samples", result.samples},
                                {"seconds", result.seconds},
                                {"data_wait_seconds", result.data_wait_seconds},
                                {"data_load_seconds", result.data_load_seconds},
                                {"reduce_wait_seconds", result.reduce_wait_seconds},
                                {"layers", nlohmann::ordered_json::array()}};
  for (const LayerTime& layer : result.layers) {
    object["layers"].push_back({{"name", layer.name},
                                {"kind", layer.kind},
                                {"algorithm", layer.algorithm},
                                {"forward_seconds", layer.forward_seconds},
                                {"backward_seconds", layer.backward_seconds},
                                {"gflops_per_second", GigaflopsPerSecond(layer, result)}});
  }
  return object;
}

void PrintReadable(const BenchResult& result) {
  PrintText(fmt::format("{:.0f} images/s{}: {} steps, {} rank{} with {} thread{} each\n\n",
                        result.images_per_second, result.inference ? " of inference" : "",
                        result.steps, result.ranks, result.ranks == 1 ? "" : "s", result.threads,
                        result.threads == 1 ? "" : "s"));
  TextTable table({{.heading = "rank 0"},
                   {.heading = "kind"},
                   {.heading = "algorithm"},
                   {.heading = "forward ms", .align = Align::kRight},
                   {.heading = "backward ms", .align = Align::kRight},
                   {.heading = "share", .align = Align::kRight},
                   {.heading = "GFLOP/s", .align = Align::kRight}});
  const double worker_seconds = result.seconds * result.threads;
  const auto steps = static_cast<double>(result.steps);
  double layer_seconds = 0;
  const auto share = [&](double seconds) {
    return fmt::format("{:.1f} %", 100 * seconds / worker_seconds);
  };
  for (const LayerTime& layer : result.layers) {
    const double seconds = layer.forward_seconds + layer.backward_seconds;
    layer_seconds += seconds;
    table.AddRow({layer.name, layer.kind, layer.algorithm,
                  fmt::format("{:.3f}", 1e3 * layer.forward_seconds / steps),
                  fmt::format("{:.3f}", 1e3 * layer.backward_seconds / steps), share(seconds),
                  fmt::format("{:.1f}", GigaflopsPerSecond(layer, result))});
  }
  if (result.inference) {
    table.AddRow({"data, counting", "", "", "", "", share(worker_seconds - layer_seconds), ""});
    PrintText(table.ToString());
    return;
  }
  table.AddRow({"waiting for data", "", "", "", "", share(result.data_wait_seconds), ""});
  // The other threads stand still while the main one waits.
  const double reduce = result.reduce_wait_seconds * result.threads;
  table.AddRow({"waiting for all-reduce", "", "", "", "", share(reduce), ""});
  table.AddRow({"exact sums, optimiser, rest", "", "", "", "",
                share(worker_seconds - layer_seconds - result.data_wait_seconds - reduce), ""});
  PrintText(table.ToString());
  PrintText(
      fmt::format("\nbeside these, loading and augmenting took {:.3f} ms of a processor a step\n",
                  1e3 * result.data_load_seconds / steps));
}

ExitCode Bench(const BenchArguments& arguments, const CollectiveContext& context) {
  const BenchRequest request{.job = arguments.job.LoadTogether(context.communicator),
                             .data_directory = arguments.job.data_directory,
                             .steps = arguments.steps,
                             .threads = arguments.threads,
                             .inference = arguments.inference};
  const BenchResult result = BenchJob(request, context.communicator);
  if (context.communicator->rank() == 0) {
    if (arguments.json) {
      PrintJson(ToJson(result));
    } else {
      PrintReadable(result);
    }
  }
  return ExitCode::kDone;
}

}  // namespace

void AddBenchCommand(Command program, Action* action) {
  auto arguments = std::make_shared<BenchArguments>();
  Command command = program.AddCommand(
      "bench", "Measure how fast a job trains and where the time goes; writes nothing");
  AddJobArguments(command, &arguments->job);
  command.Add("--steps", &arguments->steps, "Steps to measure").InRange(1, 1'000'000).ShowDefault();
  AddThreadsOption(command, &arguments->threads);
  command.AddFlag("--inference", &arguments->inference,
                  "Measure the forward pass alone, as evaluate makes it");
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] {
    action->collective = [=](const CollectiveContext& context) {
      return Bench(*arguments, context);
    };
  });
}

}  // namespace lockstep
