#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "trainer/base/error.h"
#include "trainer/cli/command.h"
#include "trainer/cli/job_arguments.h"
#include "trainer/cli/net_table.h"
#include "trainer/cli/output.h"
#include "trainer/config/zoo/zoo.h"
#include "trainer/train/data_source.h"
#include "trainer/train/net_builder.h"

namespace lockstep {
namespace {

struct SummaryArguments {
  JobArguments job;
  std::string zoo;         // a network of the zoo, instead of a job
  std::vector<int> input;  // C, H, W
  int classes = 0;
  bool expand = false;
  bool json = false;
};

LoadedJob LoadJobOrZoo(const SummaryArguments& arguments) {
  if (arguments.zoo.empty() == arguments.job.path.empty()) {
    throw ConfigError(arguments.zoo.empty()
                          ? "JOB is required, or --zoo NAME; see: lockstep summary --help"
                          : "give either JOB or --zoo NAME");
  }
  if (arguments.zoo.empty()) {
    return arguments.job.Load();
  }
  const std::vector<int>& input = arguments.input;
  if (input.empty() || arguments.classes == 0) {
    throw ConfigError("--zoo NAME needs --input C,H,W and --classes K");
  }
  return ParseJob(ZooJobText(arguments.zoo, input[0], input[1], input[2], arguments.classes),
                  "--zoo " + arguments.zoo, arguments.job.overrides);
}

ExitCode Summary(const SummaryArguments& arguments) {
  if (arguments.expand && arguments.json) {
    throw ConfigError("give either --expand, which prints a job file, or --json");
  }
  const LoadedJob job = LoadJobOrZoo(arguments);
  if (arguments.expand) {
    PrintText(ReadableText(job.written));
    return ExitCode::kDone;
  }
  SampleKind kind;
  if (arguments.input.empty() || arguments.classes == 0) {
    kind = DescribeSource(job.job.data(), arguments.job.data_directory);
  }
  if (!arguments.input.empty()) {
    kind.shape = {
        .channels = arguments.input[0], .height = arguments.input[1], .width = arguments.input[2]};
  }
  if (arguments.classes > 0) {
    kind.classes = arguments.classes;
  }
  const std::unique_ptr<Net> net = BuildNet(job, kind.shape, kind.classes);
  if (arguments.json) {
    PrintJson(NetJson(*net));
  } else {
    PrintText(NetTable(*net));
  }
  return ExitCode::kDone;
}

}  // namespace

void AddSummaryCommand(Command program, Action* action) {
  auto arguments = std::make_shared<SummaryArguments>();
  Command command = program.AddCommand(
      "summary", "Show a job's or the zoo's network: layers, shapes, parameters, FLOPs");
  AddJobArguments(command, &arguments->job, JobIs::kOptional);
  command
      .Add("--zoo", &arguments->zoo,
           "A network of the zoo instead of a job, such as resnet18; needs --input and --classes")
      .TypeName("NAME");
  command.Add("--input", &arguments->input, "Shape of one sample; default: the data's")
      .CommaSeparated(3)
      .InRange(1, 65536)
      .TypeName("C,H,W");
  command.Add("--classes", &arguments->classes, "Number of classes; default: the data's")
      .InRange(2, 1 << 24);
  command.AddFlag("--expand", &arguments->expand,
                  "Print the job as a job file with every layer written out, instead");
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] { action->alone = [=] { return Summary(*arguments); }; });
}

}  // namespace lockstep
