#pragma once

#include <functional>

#include "comm/communicator.h"
#include "trainer/base/exit_code.h"
#include "trainer/cli/command_line.h"
#include "trainer/train/stop_signal.h"

namespace lockstep {

// What a collective command works with.
struct CollectiveContext {
  comm::Communicator* communicator;
  const StopSignal* stop_signal;  // nullptr unless Action::saves_on_signal
};

// What the command line chose to do. A command of one process runs on the first rank alone, without
// MPI; a collective one runs on every rank.
struct Action {
  std::function<ExitCode()> alone{};
  std::function<ExitCode(const CollectiveContext&)> collective{};
  // Signals ask the collective command to save and stop, instead of ending the process.
  bool saves_on_signal = false;
};

// Each adds one command to the program and, when that is the one called, sets `action`.
// `action` outlives the parsing.
void AddTrainCommand(Command program, Action* action);
void AddEvaluateCommand(Command program, Action* action);
void AddCheckCommand(Command program, Action* action);
void AddSummaryCommand(Command program, Action* action);
void AddBenchCommand(Command program, Action* action);
void AddInspectCommand(Command program, Action* action);
void AddStatusCommand(Command program, Action* action);
void AddVerifyCommand(Command program, Action* action);
void AddDataCommand(Command program, Action* action);
// Hidden: writes the manual pages, which the build installs. Comes last.
void AddManualCommand(Command program, Action* action);
// Below `data`.
void AddPreviewCommand(Command data, Action* action);

}  // namespace lockstep
