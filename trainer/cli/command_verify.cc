#include <fmt/format.h>

#include <memory>

#include "storage/checkpoint.h"
#include "trainer/cli/command.h"
#include "trainer/cli/output.h"

namespace lockstep {

void AddVerifyCommand(Command program, Action* action) {
  auto path = std::make_shared<std::string>();
  Command command = program.AddCommand(
      "verify", "Check every byte of a checkpoint: exit 0 if the file is whole, 4 if it is not");
  command.Add("PATH", path.get(), "Checkpoint file").Required();
  command.OnCall([=] {
    action->alone = [=] {
      storage::VerifyCheckpoint(*path);
      PrintText(fmt::format("{}: whole\n", *path));
      return ExitCode::kDone;
    };
  });
}

}  // namespace lockstep
