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

void AddJobArguments(CLI::App* command, JobArguments* arguments) {
  command->add_option("JOB", arguments->path, "Job file (.textproto)")->required();
  command
      ->add_option("--set", arguments->overrides,
                   "Override a setting of the job: path.to.field=value; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  command
      ->add_option("--data-dir", arguments->data_directory,
                   "Where the data is; searched before $LOCKSTEP_DATA, the job file and "
                   "~/.cache/lockstep")
      ->type_name("DIR");
}

void AddThreadsOption(CLI::App* command, int* threads) {
  command
      ->add_option(
          "--threads", *threads,
          "Worker threads in each rank; 0: one for each CPU that the rank may use. With exact "
          "sums it has no influence on results")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

}  // namespace lockstep
