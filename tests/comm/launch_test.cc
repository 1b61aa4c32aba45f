#include "comm/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "comm/error.h"

namespace lockstep::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

GetEnv Lookup(const Variables& variables) {
  return [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

std::string Refusal(int world_size, const Variables& variables) {
  try {
    CheckLaunch(world_size, Lookup(variables));
    return "";
  } catch (const LaunchError& error) {
    return error.what();
  }
}

// What Slurm 22.05 sets in a batch script, of an allocation of four tasks.
const Variables& BatchScript() {
  static const Variables variables{{"SLURM_JOB_ID", "17"},
                                   {"SLURM_NTASKS", "4"},
                                   {"SLURM_NPROCS", "4"},
                                   {"SLURM_TASKS_PER_NODE", "2(x2)"},
                                   {"SLURM_PROCID", "0"}};
  return variables;
}

Variables With(Variables variables, const Variables& more) {
  for (const auto& [name, value] : more) {
    variables[name] = value;
  }
  return variables;
}

TEST(CheckLaunch, AProgramStartedAloneMayRun) { EXPECT_EQ(Refusal(1, {}), ""); }

TEST(CheckLaunch, SrunThatMadeFourWorldsOfOneIsRefusedWithTheRemedy) {
  const Variables step{
      {"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "2"}};
  EXPECT_THAT(Refusal(1, With(BatchScript(), step)),
              AllOf(HasSubstr("SLURM_STEP_NUM_TASKS=4"), HasSubstr("4 tasks"),
                    HasSubstr("srun --mpi=pmix")));
}

TEST(CheckLaunch, SrunThatMadeAWorldOfFourMayRun) {
  const Variables step{{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "2"}};
  EXPECT_EQ(Refusal(4, With(BatchScript(), step)), "");
}

TEST(CheckLaunch, ASingleProcessInABatchScriptMayRun) { EXPECT_EQ(Refusal(1, BatchScript()), ""); }

TEST(CheckLaunch, MpirunInABatchScriptMayRun) {
  const Variables ranks{{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "1"}};
  EXPECT_EQ(Refusal(4, With(BatchScript(), ranks)), "");
}

// mpirun starts its daemons on other nodes with srun, whose variables the ranks inherit.
TEST(CheckLaunch, OneRankOfMpirunUnderTheDaemonsOfSeveralNodesMayRun) {
  const Variables daemons{{"SLURM_STEP_NUM_TASKS", "3"}, {"SLURM_PROCID", "1"}};
  const Variables ranks{{"OMPI_COMM_WORLD_SIZE", "1"}, {"OMPI_COMM_WORLD_RANK", "0"}};
  EXPECT_EQ(Refusal(1, With(With(BatchScript(), daemons), ranks)), "");
}

TEST(CheckLaunch, MpirunOfAnotherMpiIsRefused) {
  EXPECT_THAT(Refusal(1, {{"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_RANK", "0"}}),
              AllOf(HasSubstr("OMPI_COMM_WORLD_SIZE=2"), HasSubstr("mpirun of the Open MPI")));
  EXPECT_THAT(Refusal(1, {{"PMI_SIZE", "8"}, {"PMI_RANK", "7"}}),
              AllOf(HasSubstr("PMI_SIZE=8"), HasSubstr("mpirun of the Open MPI")));
}

TEST(CheckLaunch, AVariableThatNoLauncherHasSetIsIgnored) {
  EXPECT_EQ(Refusal(1, {{"PMI_SIZE", "8"}}), "") << "no rank beside it";
  for (const char* value : {"", "many", "2(x2)", "-3", "99999999999999999999"}) {
    EXPECT_EQ(Refusal(1, {{"SLURM_STEP_NUM_TASKS", value}, {"SLURM_PROCID", "0"}}), "") << value;
  }
}

TEST(LauncherTasks, TheInnermostLauncherKnows) {
  const Variables step{{"SLURM_STEP_NUM_TASKS", "3"}, {"SLURM_PROCID", "1"}};
  EXPECT_EQ(LauncherTasks(Lookup({})), 1);
  EXPECT_EQ(LauncherTasks(Lookup(BatchScript())), 1);
  EXPECT_EQ(LauncherTasks(Lookup(step)), 3);
  const Variables both = With(step, {{"OMPI_COMM_WORLD_SIZE", "6"}, {"OMPI_COMM_WORLD_RANK", "5"}});
  EXPECT_EQ(LauncherTasks(Lookup(both)), 6);
}

TEST(LauncherRank, TheInnermostLauncherKnows) {
  const Variables slurm{{"SLURM_PROCID", "3"}};
  EXPECT_EQ(LauncherRank(Lookup({})), 0);
  EXPECT_EQ(LauncherRank(Lookup(slurm)), 3);
  const Variables both = With(slurm, {{"OMPI_COMM_WORLD_RANK", "5"}});
  EXPECT_EQ(LauncherRank(Lookup(both)), 5);
}

// Open MPI's MPI_Init sets PMIX_RANK=0 in a process that it believes to be alone.
TEST(LauncherRank, SlurmKnowsBetterThanASingletonsPmix) {
  const Variables variables{{"SLURM_PROCID", "3"}, {"PMIX_RANK", "0"}};
  EXPECT_EQ(LauncherRank(Lookup(variables)), 3);
  const Variables pmix{{"PMIX_RANK", "2"}};
  EXPECT_EQ(LauncherRank(Lookup(pmix)), 2);
}

}  // namespace
}  // namespace lockstep::comm
