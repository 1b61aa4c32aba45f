#!/usr/bin/python3
"""Starts the program on several ranks in ways that cannot work: it ends within seconds, with the exit code of
what is wrong, and says it once.

usage: launch_errors_test.py LOCKSTEP
"""

import os
import pathlib
import re
import subprocess
import time

import program

USAGE_ERROR, DATA_ERROR, STORAGE_ERROR = 2, 3, 4

SECONDS = 20  # much, for a start that fails, but the machine may be busy

# What a task finds in its environment when the launcher started two, and MPI does not know.
SRUN_STEP = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2",
             "SLURM_LOCALID": "0"}
LAUNCHERS = [
    (SRUN_STEP, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS=2", "Start it with `srun --mpi=pmix`"),
    ({"OMPI_COMM_WORLD_SIZE": "2"}, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE=2", "the mpirun of the Open MPI"),
    ({"PMI_SIZE": "2"}, "PMI_RANK", "PMI_SIZE=2", "the mpirun of the Open MPI"),
]


class LaunchErrorsTest(program.ProgramTest):
    def refused_on_three_ranks(self, code, *arguments, **options):
        start = time.monotonic()
        self.refused(code, *arguments, ranks=3, **options)
        self.assertLess(time.monotonic() - start, SECONDS)

    def test_several_tasks_in_worlds_of_one_are_refused(self):
        for variables, rank_variable, task_count, remedy in LAUNCHERS:
            for rank in ("0", "1"):
                with self.subTest(task_count=task_count, rank=rank):
                    self.refused(USAGE_ERROR, "train", "job.textproto",
                                 env={**os.environ, **variables, rank_variable: rank},
                                 says=[f"{task_count} says that 2 tasks were started, but MPI sees a single one",
                                       remedy])
        self.assertFalse((self.directory / "runs").exists(), "refused, but trained")

    def test_a_single_task_in_a_batch_script_of_two_may_train(self):
        batch_script = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "SLURM_PROCID": "0"}
        self.run_program("train", "job.textproto", env={**os.environ, **batch_script})

    def test_a_wrong_command_line(self):
        self.refused_on_three_ranks(USAGE_ERROR, "train", "job.textproto", "--thread", "1",
                                    says=["there is no option --thread"])

    def test_an_instruction_set_that_there_is_not(self):
        self.refused_on_three_ranks(USAGE_ERROR, "train", "job.textproto", env={**os.environ, "LOCKSTEP_ISA": "mmx"},
                                    says=['LOCKSTEP_ISA: must be sse2, avx2 or avx512, is "mmx"'])

    def test_a_wrong_job(self):
        self.refused_on_three_ranks(USAGE_ERROR, "train", "job.textproto", "--set", "epochs=0",
                                    says=["on rank 0", "epochs: must be at least 1, is 0"])

    def test_missing_data(self):
        nothing = {**os.environ, "HOME": str(self.directory), "LOCKSTEP_DATA": str(self.directory)}
        self.refused_on_three_ranks(DATA_ERROR, "train", "job.textproto", "--set", "data.mnist={}", env=nothing,
                                    says=["on rank 0", "MNIST was not found"])

    def test_a_missing_checkpoint(self):
        for arguments in (["train", "job.textproto", "--resume", "missing.h5"], ["verify", "missing.h5"]):
            self.refused_on_three_ranks(STORAGE_ERROR, *arguments, says=["missing.h5: cannot be read"])

    def test_an_output_directory_that_cannot_be_used(self):
        self.refused_on_three_ranks(STORAGE_ERROR, "train", "job.textproto", "--set",
                                    "output_directory=job.textproto",
                                    says=["on rank 0", "cannot be created: Not a directory"])

    def test_what_is_wrong_on_one_rank_alone_ends_all(self):
        """As where a node lacks the job file, or has a version of the program without the option."""
        job = ["train", "job.textproto"]
        for wrong, says in ((["train", "missing.textproto"], "missing.textproto: cannot be read"),
                            ([*job, "--thread", "1"], "there is no option --thread")):
            with self.subTest(wrong=wrong):
                last_rank = self.command(*wrong, before=[":", "-np", "1"])
                self.refused_on_three_ranks(USAGE_ERROR, *job, *last_rank, says=["on rank 3 ", says])

    def test_ranks_that_are_given_different_jobs_do_not_wait_for_each_other(self):
        job = ["train", "job.textproto"]
        last_rank = self.command(*job, "--set", "steps=4", before=[":", "-np", "1"])
        self.refused_on_three_ranks(USAGE_ERROR, *job, *last_rank,
                                    says=["on rank 3 ", "job.textproto: says another job than it does to rank 0",
                                          "give all ranks the same file and the same --set"])

    def test_a_rank_that_is_another_build_is_refused(self):
        """As where a node keeps an old copy of the program: here a copy whose build id differs in a bit."""
        job = ["train", "job.textproto"]
        program_file = self.command()[0]
        notes = subprocess.run(["readelf", "--notes", program_file], capture_output=True, text=True, check=True).stdout
        build_id = bytes.fromhex(re.search(r"Build ID: (\w+)", notes)[1])
        content = pathlib.Path(program_file).read_bytes()
        other = self.directory / "lockstep"
        other.write_bytes(content.replace(build_id, bytes([build_id[0] ^ 1]) + build_id[1:]))
        other.chmod(0o755)
        self.refused(USAGE_ERROR, *job, ":", "-np", "1", other, *job, ranks=2,
                     says=["error on rank 2 (", f"{other} is another build here than on rank 0",
                           f"{build_id.hex()} there; install the same program"])

    def test_a_rank_on_another_type_of_cpu_is_warned_about(self):
        job = ["train", "job.textproto"]
        other_cpu = self.command(*job, before=[":", "-np", "1", "-x", "OPENBLAS_CORETYPE=Prescott"])
        result = self.run_program(*job, *other_cpu, ranks=1)
        self.assertEqual(result.stderr.count("warning: rank 1 "), 1, result.stderr)
        self.assertIn('blas_core "Prescott"', result.stderr)

    def test_help_is_printed_once(self):
        result = self.run_program("train", "--help", ranks=3)
        self.assertEqual(result.stdout.count("Usage: lockstep train"), 1)


if __name__ == "__main__":
    program.main()
