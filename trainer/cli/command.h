#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "comm/communicator.h"
#include "trainer/base/exit_code.h"
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
void AddTrainCommand(CLI::App* app, Action* action);
void AddEvaluateCommand(CLI::App* app, Action* action);
void AddCheckCommand(CLI::App* app, Action* action);
void AddSummaryCommand(CLI::App* app, Action* action);
void AddBenchCommand(CLI::App* app, Action* action);
void AddInspectCommand(CLI::App* app, Action* action);
void AddVerifyCommand(CLI::App* app, Action* action);
void AddDataCommand(CLI::App* app, Action* action);

}  // namespace lockstep
