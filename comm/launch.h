#pragma once

#include <functional>
#include <string>

namespace lockstep::comm {

// Looks up an environment variable; nullptr if it is not set. Tests pass their own.
using GetEnv = std::function<const char*(const char* name)>;

// Throws LaunchError when the launcher started several tasks but MPI's world has one: then every
// task would train alone and write the same files. It happens when srun is not told which MPI to
// speak, or mpirun is another MPI's.
void CheckLaunch(int world_size, const GetEnv& get_env);
void CheckLaunch(int world_size);

// How many tasks the launcher has started, as it tells without MPI; 1 when not launched.
int LauncherTasks(const GetEnv& get_env);
int LauncherTasks();

// This process's rank as the launcher tells it, without MPI; 0 when not launched.
int LauncherRank(const GetEnv& get_env);
int LauncherRank();

}  // namespace lockstep::comm
