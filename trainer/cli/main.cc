#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <optional>

#include "comm/environment.h"
#include "comm/launch.h"
#include "storage/error.h"
#include "trainer/base/error.h"
#include "trainer/cli/command.h"
#include "trainer/cli/output.h"
#include "trainer/tensor/blas.h"
#include "trainer/tensor/kernels/instruction_set.h"
#include "trainer/train/same_everywhere.h"
#include "trainer/train/together.h"

namespace lockstep {
namespace {

void SetUpLogging() {
  auto logger = std::make_shared<spdlog::logger>("lockstep",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  // Clears a line of progress that a terminal may show.
  logger->set_pattern(isatty(STDERR_FILENO) != 0 ? "\r\033[K%v" : "%v");
  spdlog::set_default_logger(std::move(logger));
}

void PrintError(const std::string& where, const std::exception& error) {
  std::fflush(stdout);
  fmt::print(stderr, "lockstep: error{}: {}\n", where, MessageOf(error));
  std::fflush(stderr);
}

// Nobody must take an answer that a full disk has swallowed for a good one.
void CheckOutput() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw storage::Error("standard output: cannot be written; check where it leads");
  }
}

ExitCode RunAlone(const Action& action) {
  if (comm::LauncherRank() != 0) {
    return ExitCode::kDone;  // started several times: the first one answers
  }
  try {
    return action.alone();
  } catch (const std::exception& error) {
    PrintError("", error);
    return ExitCodeOf(error);
  }
}

// Every rank leaves with the same code: in good order where all know of the failure, through
// MPI_Abort where one failed while the others went on.
ExitCode RunCollective(const Action& action) {
  // Before MPI starts: a signal that comes meanwhile must not be lost.
  std::optional<StopSignal> stop_signal;
  if (action.saves_on_signal) {
    stop_signal.emplace();
  }
  const comm::Environment environment;
  comm::Communicator communicator = comm::Communicator::World();
  const int rank = communicator.rank();
  const std::string where = communicator.size() == 1
                                ? ""
                                : fmt::format(" on rank {} ({})", rank, communicator.HostName());
  if (rank != 0) {
    spdlog::set_level(spdlog::level::warn);
  }
  try {
    comm::CheckLaunch(communicator.size());
    CheckSameProgram(&communicator);
    RunTogether(&communicator, [] { ActiveInstructionSet(); });  // $LOCKSTEP_ISA may name none
    return action.collective(
        {.communicator = &communicator, .stop_signal = stop_signal ? &*stop_signal : nullptr});
  } catch (const FailedTogether& failure) {
    if (failure.here()) {
      PrintError(where, failure);
    }
    return failure.exit_code();
  } catch (const std::exception& error) {
    PrintError(where, error);
    if (communicator.size() > 1) {
      communicator.Abort(static_cast<int>(ExitCodeOf(error)));
    }
    return ExitCodeOf(error);
  }
}

// On several ranks through MPI: they end together, after one of them has spoken; also where not all
// of them found the error, because a node has another version of the program.
ExitCode RefuseUsage(const std::string& what) {
  const auto refuse = [what]() -> ExitCode { throw ConfigError(what); };
  if (comm::LauncherTasks() == 1) {
    return RunAlone({.alone = refuse});
  }
  return RunCollective({.collective = [&](const CollectiveContext& context) {
    RunTogether(context.communicator, refuse);
    return ExitCode::kUsage;
  }});
}

ExitCode Main(int argc, char** argv) {
  SetUpLogging();
  UseOneBlasThread();
  CommandLine line(
      "lockstep",
      "Trains convolutional networks, data-parallel over MPI, in lockstep: the same weights, "
      "byte for byte, on any number of ranks and threads.",
      LOCKSTEP_VERSION);
  Command program = line.program();
  program.RequireCommand();
  Action action;
  AddTrainCommand(program, &action);
  AddStatusCommand(program, &action);
  AddEvaluateCommand(program, &action);
  AddCheckCommand(program, &action);
  AddSummaryCommand(program, &action);
  AddBenchCommand(program, &action);
  AddInspectCommand(program, &action);
  AddVerifyCommand(program, &action);
  AddDataCommand(program, &action);
  AddManualCommand(program, &action);

  const ParsedLine parsed = line.Parse(argc, argv);
  if (!parsed.problem.empty()) {
    return RefuseUsage(parsed.problem);
  }
  if (!parsed.asked_for.empty()) {
    return RunAlone({.alone = [&] {
      PrintText(parsed.asked_for);
      return ExitCode::kDone;
    }});
  }
  return action.collective ? RunCollective(action) : RunAlone(action);
}

}  // namespace
}  // namespace lockstep

int main(int argc, char** argv) {
  try {
    const lockstep::ExitCode code = lockstep::Main(argc, argv);
    if (code == lockstep::ExitCode::kDone) {
      lockstep::CheckOutput();
    }
    return static_cast<int>(code);
  } catch (const std::exception& error) {
    lockstep::PrintError("", error);
    return static_cast<int>(lockstep::ExitCodeOf(error));
  }
}
