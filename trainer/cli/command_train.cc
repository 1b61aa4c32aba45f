#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/error.h"
#include "trainer/cli/command.h"
#include "trainer/cli/job_arguments.h"
#include "trainer/cli/output.h"
#include "trainer/train/together.h"
#include "trainer/train/train_job.h"

namespace lockstep {
namespace {

struct TrainArguments {
  JobArguments job;
  std::string resume = "auto";
  std::string weights;
  int threads = 0;
  int64_t give_up_after = 0;
  bool json = false;
};

ResumeChoice ToResumeChoice(const TrainArguments& arguments) {
  if (arguments.resume == "auto") {
    return {.kind = ResumeChoice::Kind::kAuto, .path = {}, .initial_weights = arguments.weights};
  }
  if (arguments.resume == "never") {
    return {.kind = ResumeChoice::Kind::kNever, .path = {}, .initial_weights = arguments.weights};
  }
  if (!arguments.weights.empty()) {
    throw ConfigError(
        "--weights begins a new run and --resume PATH goes on with an old one: give one");
  }
  return {.kind = ResumeChoice::Kind::kFrom, .path = arguments.resume, .initial_weights = {}};
}

const char* Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFinished:
      return "finished";
    case Outcome::kFinishedEarly:
      return "finished early";
    case Outcome::kStopped:
      break;
  }
  return "stopped";
}

nlohmann::ordered_json ToJson(const TrainResult& result) {
  nlohmann::ordered_json object{
      {"outcome", Name(result.outcome)},          {"step", result.step},
      {"total_steps", result.total_steps},        {"images_per_second", result.images_per_second},
      {"checkpoint", result.checkpoint.string()}, {"metrics", result.metrics.string()},
      {"weights_sha256", result.weights_sha256}};
  if (result.best) {
    object["best"] = {{"step", result.best->step},
                      {"accuracy", result.best->accuracy},
                      {"checkpoint", result.best->checkpoint.string()}};
  }
  if (result.test) {
    object["test"] = {{"accuracy", result.test->accuracy()},
                      {"correct", result.test->correct},
                      {"samples", result.test->samples},
                      {"loss", result.test->loss}};
  }
  return object;
}

// `resume`: the choice of this run, which may be another than going on.
void PrintReadable(const TrainResult& result, ResumeChoice::Kind resume) {
  if (result.outcome == Outcome::kStopped) {
    PrintText(fmt::format(
        "stopped and saved after step {} of {}; run the same command again{} to resume\n",
        result.step, result.total_steps,
        resume == ResumeChoice::Kind::kAuto ? "" : " with --resume auto"));
  }
  if (result.outcome == Outcome::kFinishedEarly) {
    PrintText(
        fmt::format("finished early, after step {} of {}: the hold-out accuracy no longer rose\n",
                    result.step, result.total_steps));
  }
  if (result.best) {
    PrintText(fmt::format("best hold-out accuracy {:.2f} %, after step {}{}{}\n",
                          100 * result.best->accuracy, result.best->step,
                          result.best->checkpoint.empty() ? "" : ": ",
                          result.best->checkpoint.string()));
  }
  if (result.test) {
    PrintText(fmt::format("test accuracy {:.2f} % ({} of {}), loss {:.4f}\n",
                          100 * result.test->accuracy(), result.test->correct, result.test->samples,
                          result.test->loss));
  }
  if (result.images_per_second > 0) {
    PrintText(fmt::format("trained at {:.0f} images/s\n", result.images_per_second));
  }
  PrintText(fmt::format("checkpoint {}\nmetrics    {}\nweights    sha256 {}\n",
                        result.checkpoint.string(), result.metrics.string(),
                        result.weights_sha256));
}

ExitCode Train(const TrainArguments& arguments, const CollectiveContext& context) {
  TrainRequest request{.job = arguments.job.LoadTogether(context.communicator),
                       .data_directory = arguments.job.data_directory,
                       .resume = {},
                       .threads = arguments.threads,
                       .attempt = {},
                       .give_up_after = arguments.give_up_after};
  RunTogether(context.communicator, [&] {
    request.resume = ToResumeChoice(arguments);
    request.attempt = comm::ReadAttempt();
  });
  const TrainResult result = TrainJob(request, *context.stop_signal, context.communicator);
  if (context.communicator->rank() == 0) {
    if (result.outcome == Outcome::kStopped) {
      spdlog::info("stopped by {}", context.stop_signal->requested() ? context.stop_signal->name()
                                                                     : "a signal to another rank");
    }
    if (arguments.json) {
      PrintJson(ToJson(result));
    } else {
      PrintReadable(result, request.resume.kind);
    }
  }
  return result.outcome == Outcome::kStopped ? ExitCode::kStopped : ExitCode::kDone;
}

}  // namespace

void AddTrainCommand(Command program, Action* action) {
  auto arguments = std::make_shared<TrainArguments>();
  Command command = program.AddCommand(
      "train", "Train a network as a job file says; resumes by itself when run again");
  AddJobArguments(command, &arguments->job);
  command
      .Add("--resume", &arguments->resume,
           "auto: go on from the run directory's newest whole checkpoint, if any; never: begin "
           "anew; or the checkpoint to go on from")
      .TypeName("auto|never|PATH")
      .ShowDefault();
  command
      .Add("--weights", &arguments->weights,
           "Begin a new run with the parameters of this checkpoint")
      .TypeName("PATH");
  AddThreadsOption(command, &arguments->threads);
  command
      .Add("--give-up-after", &arguments->give_up_after,
           "Refuse to start, with exit code 6, where the last N attempts of the same launch failed "
           "before they saved a newer checkpoint; 0: never. For scripts that restart what fails")
      .TypeName("N")
      .InRange(0, 1'000'000)
      .ShowDefault();
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] {
    action->collective = [=](const CollectiveContext& context) {
      return Train(*arguments, context);
    };
    action->saves_on_signal = true;
  });
}

}  // namespace lockstep
