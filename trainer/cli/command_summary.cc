#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "trainer/base/error.h"
#include "trainer/cli/command.h"
#include "trainer/cli/job_arguments.h"
#include "trainer/cli/net_table.h"
#include "trainer/cli/output.h"
#include "trainer/train/data_source.h"
#include "trainer/train/net_builder.h"

namespace lockstep {
namespace {

struct SummaryArguments {
  JobArguments job;
  std::vector<int> input;  // C, H, W
  int classes = 0;
  bool json = false;
};

ExitCode Summary(const SummaryArguments& arguments) {
  const LoadedJob job = arguments.job.Load();
  SampleKind kind;
  if (!arguments.input.empty() && arguments.classes > 0) {
    kind.classes = arguments.classes;
  } else {
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
  Command command =
      program.AddCommand("summary", "Show a job's network: layers, shapes, parameters, FLOPs");
  AddJobArguments(command, &arguments->job);
  command.Add("--input", &arguments->input, "Shape of one sample; default: the data's")
      .CommaSeparated(3)
      .InRange(1, 65536)
      .TypeName("C,H,W");
  command.Add("--classes", &arguments->classes, "Number of classes; default: the data's")
      .InRange(2, 1 << 24);
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] { action->alone = [=] { return Summary(*arguments); }; });
}

}  // namespace lockstep
