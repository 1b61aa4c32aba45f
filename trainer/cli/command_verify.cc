#include <fmt/format.h>

#include <memory>

#include "storage/checkpoint.h"
#include "trainer/cli/command.h"
#include "trainer/cli/output.h"

namespace lockstep {

void AddVerifyCommand(CLI::App* app, Action* action) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app->add_subcommand(
      "verify", "Check every byte of a checkpoint: exit 0 if the file is whole, 4 if it is not");
  command->add_option("PATH", *path, "Checkpoint file")->required();
  command->callback([=] {
    action->alone = [=] {
      storage::VerifyCheckpoint(*path);
      PrintText(fmt::format("{}: whole\n", *path));
      return ExitCode::kDone;
    };
  });
}

}  // namespace lockstep
