#include "trainer/cli/job_arguments.h"

namespace lockstep {

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

}  // namespace lockstep
