#include "trainer/cli/job_arguments.h"

#include <optional>
#include <utility>

#include "trainer/train/same_everywhere.h"
#include "trainer/train/together.h"

namespace lockstep {

LoadedJob JobArguments::LoadTogether(comm::Communicator* communicator) const {
  std::optional<LoadedJob> loaded;
  RunTogether(communicator, [&] { loaded = Load(); });
  CheckSameJob(loaded->job, path, communicator);
  return std::move(*loaded);
}

void AddJobArguments(Command command, JobArguments* arguments, JobIs job) {
  Option path = command.Add("JOB", &arguments->path, "Job file (.textproto)");
  if (job == JobIs::kRequired) {
    path.Required();
  }
  command
      .Add("--set", &arguments->overrides,
           "Override a setting of the job: path.to.field=value; may be repeated")
      .OneAtATime()
      .TypeName("FIELD=VALUE");
  command
      .Add("--data-dir", &arguments->data_directory,
           "Where the data is; searched before $LOCKSTEP_DATA, the job file and "
           "~/.cache/lockstep")
      .TypeName("DIR");
}

void AddThreadsOption(Command command, int* threads) {
  command
      .Add("--threads", threads,
           "Worker threads in each rank; 0: one for each CPU that the rank may use. With exact "
           "sums it has no influence on results")
      .InRange(0, 1024)
      .ShowDefault();
}

}  // namespace lockstep
