#pragma once

#include <string>
#include <vector>

#include "comm/communicator.h"
#include "trainer/cli/command_line.h"
#include "trainer/config/job_file.h"

namespace lockstep {

// What every command that takes a job file accepts.
struct JobArguments {
  std::string path;
  std::vector<std::string> overrides;  // --set, in the order given
  std::string data_directory;          // --data-dir; empty: search

  // On one rank.
  LoadedJob Load() const { return LoadJob(path, overrides); }
  // Collective. The same job on all ranks. Throws FailedTogether.
  LoadedJob LoadTogether(comm::Communicator* communicator) const;
};

enum class JobIs { kRequired, kOptional };

// Adds JOB, --set and --data-dir to `command`. `arguments` outlives the parsing.
void AddJobArguments(Command command, JobArguments* arguments, JobIs job = JobIs::kRequired);

// Adds --threads. `threads` outlives the parsing.
void AddThreadsOption(Command command, int* threads);

}  // namespace lockstep
