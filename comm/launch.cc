#include "comm/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "comm/error.h"
#include "comm/mpi_call.h"

namespace lockstep::comm {
namespace {

struct Launcher {
  const char* tasks;   // the variable that says how many tasks it started
  const char* rank;    // another that it sets for every task
  const char* remedy;  // {mpi} and {plugin} stand for kMpiName and kSlurmPlugin
};

// Innermost first, for the innermost launcher decides: ranks that mpirun starts on another node of
// a Slurm job inherit the variables of the srun step of mpirun's daemons, which count daemons.
// SLURM_NTASKS describes the allocation and stands in every batch script, where a lone task is no
// mistake. Open MPI started alone sets PMIX_RANK itself, so that comes last.
constexpr std::array kLaunchers{
    Launcher{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK",
             "Start it with the mpirun of the {mpi} that lockstep was built with; this was another "
             "one."},
    Launcher{"PMI_SIZE", "PMI_RANK",
             "Start it with the mpirun of the {mpi} that lockstep was built with, or under Slurm "
             "with `srun --mpi={plugin}`."},
    Launcher{"SLURM_STEP_NUM_TASKS", "SLURM_PROCID",
             "Start it with `srun --mpi={plugin}`, or a single task with `srun --ntasks=1`."},
};

constexpr std::array kRankVariables{"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID",
                                    "PMIX_RANK"};

const char* ProcessEnv(const char* name) { return std::getenv(name); }

// The number that `text` is, else 0.
int ParseNumber(const char* text) {
  const std::string_view view = text == nullptr ? "" : text;
  int number = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), number);
  return error == std::errc() && end == view.data() + view.size() ? number : 0;
}

// The innermost launcher that has started this process; nullptr if none has.
const Launcher* FindLauncher(const GetEnv& get_env) {
  const auto* const found = std::ranges::find_if(kLaunchers, [&](const Launcher& launcher) {
    return ParseNumber(get_env(launcher.tasks)) >= 1 && get_env(launcher.rank) != nullptr;
  });
  return found == kLaunchers.end() ? nullptr : found;
}

}  // namespace

void CheckLaunch(int world_size, const GetEnv& get_env) {
  const int tasks = LauncherTasks(get_env);
  if (tasks > 1 && world_size == 1) {
    const Launcher& launcher = *FindLauncher(get_env);
    throw LaunchError(
        fmt::format("{}={} says that {} tasks were started, but MPI sees a single one: each would "
                    "train alone. {}",
                    launcher.tasks, tasks, tasks,
                    fmt::format(fmt::runtime(launcher.remedy), fmt::arg("mpi", kMpiName),
                                fmt::arg("plugin", kSlurmPlugin))));
  }
}

void CheckLaunch(int world_size) { CheckLaunch(world_size, ProcessEnv); }

int LauncherTasks(const GetEnv& get_env) {
  const Launcher* const launcher = FindLauncher(get_env);
  return launcher == nullptr ? 1 : ParseNumber(get_env(launcher->tasks));
}

int LauncherTasks() { return LauncherTasks(ProcessEnv); }

int LauncherRank(const GetEnv& get_env) {
  for (const char* name : kRankVariables) {
    if (const char* text = get_env(name)) {
      return ParseNumber(text);
    }
  }
  return 0;
}

int LauncherRank() { return LauncherRank(ProcessEnv); }

}  // namespace lockstep::comm
