#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/cli/command.h"
#include "trainer/cli/output.h"
#include "trainer/train/status_report.h"

namespace lockstep {
namespace {

struct StatusArguments {
  std::string directory;
  bool json = false;
};

ExitCode ShowStatus(const StatusArguments& arguments) {
  const StatusReport report = ReportStatus(arguments.directory, Now());
  if (arguments.json) {
    PrintJson(ToJson(report));
  } else {
    PrintText(ToText(report));
  }
  return ExitCode::kDone;
}

}  // namespace

void AddStatusCommand(Command program, Action* action) {
  auto arguments = std::make_shared<StatusArguments>();
  Command command = program.AddCommand(
      "status",
      "Tell how a run is getting on, or how it ended: step, accuracy, speed, time left, ranks and "
      "hosts, last checkpoint, every attempt and why it was started. From any node that sees the "
      "run's directory, while it trains or later; disturbs nothing");
  command
      .Add("RUN_DIR", &arguments->directory,
           "Directory of the run: the job's output directory and name, such as runs/lenet5")
      .Required();
  command.AddFlag("--json", &arguments->json, "Answer with one JSON object");
  command.OnCall([=] { action->alone = [=] { return ShowStatus(*arguments); }; });
}

}  // namespace lockstep
