#!/usr/bin/python3
"""The program on MPICH beside the one on Open MPI: they agree on bytes, and neither runs under the other's mpirun.

usage: mpich_test.py LOCKSTEP_ON_MPICH LOCKSTEP_ON_OPEN_MPI
"""

import json
import os
import signal
import subprocess
import sys
import time

import long_run
import program

OPEN_MPI_PROGRAM = sys.argv.pop()

USAGE_ERROR = 2
# All ranks exit with 75; mpirun of MPICH 4.0.2, which has passed a signal on, now and then says 0 nevertheless.
STOPPED_OR_LOST = (75, 0)
SECONDS = 20  # much, for a start that fails, but the machine may be busy


class MpichTest(long_run.LongRunTest):
    def train_on_open_mpi(self, output, *settings):
        command = ["mpirun", "-np", "2", OPEN_MPI_PROGRAM, "train", "job.textproto", "--json", "--threads", "1", "--set",
                   f"output_directory={output}", *settings]
        result = subprocess.run(command, cwd=self.directory, check=False, text=True, capture_output=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_weights_have_the_bytes_of_a_run_on_open_mpi(self):
        expected = self.train_on_open_mpi("open_mpi")["weights_sha256"]
        for ranks in (0, 1, 2, 3):
            with self.subTest(ranks=ranks):
                self.assertEqual(self.train(f"mpich{ranks}", ranks=ranks)["weights_sha256"], expected)

    def test_a_run_begun_on_open_mpi_goes_on_on_mpich_with_the_same_bytes(self):
        whole = self.train_on_open_mpi("whole")
        self.train_on_open_mpi("cut", "--set", "steps=5")
        self.assertEqual(self.train("cut", ranks=3)["weights_sha256"], whole["weights_sha256"])

    def test_usr1_term_and_int_to_mpirun_stop_a_run_which_resumes_on_open_mpi(self):
        arguments, options = self.training("run", (2, 1))
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                with self.start(*arguments, **options) as run:
                    self.wait_for_step(run, "run", self.steps_recorded("run") + 1)
                    run.send_signal(number)
                    _, err = run.communicate(timeout=long_run.DEADLINE_SECONDS)
                self.assertEqual(err.count(f"stopped by {number.name}"), 1, err)
                self.assertIn(run.returncode, STOPPED_OR_LOST, err)
        self.assertLess(self.steps_recorded("run"), 16 * 12, "nothing was left to resume")
        answer = self.train_on_open_mpi("run", *long_run.LONG_RUN)
        self.assertEqual(answer["weights_sha256"], self.finish("alone", (1, 1))["weights_sha256"])

    def test_after_a_rank_was_killed_mpirun_ends_and_the_run_resumes(self):
        arguments, options = self.training("run", (2, 1), "--set", "checkpoint.every_steps=10")
        with self.start(*arguments, **options) as run:
            self.wait_for_step(run, "run", 25)
            os.kill(long_run.rank_pids(run)[1], signal.SIGKILL)
            _, err = run.communicate(timeout=long_run.DEADLINE_SECONDS)
        self.assertNotIn(run.returncode, STOPPED_OR_LOST, err)
        result = self.run_program(*arguments, ranks=1)
        self.assertIn("resuming from", result.stderr)
        self.assertEqual(json.loads(result.stdout)["weights_sha256"], self.finish("alone", (1, 1))["weights_sha256"])

    def test_ranks_started_by_the_mpirun_of_the_other_mpi_refuse_to_train_alone(self):
        of_mpich = self.command("train", "job.textproto")
        for mpirun, (lockstep, *arguments), mpi in (
                ("mpirun", of_mpich, "MPICH"), (program.MPIRUN, [OPEN_MPI_PROGRAM, *of_mpich[1:]], "Open MPI")):
            with self.subTest(lockstep=lockstep):
                begin = time.monotonic()
                result = subprocess.run([mpirun, "-np", "2", lockstep, *arguments], cwd=self.directory, check=False,
                                        text=True, capture_output=True)
                self.assertEqual(result.returncode, USAGE_ERROR, result.stderr)
                self.assertIn("2 tasks were started, but MPI sees a single one", result.stderr)
                self.assertIn(f"Start it with the mpirun of the {mpi} that lockstep was built with", result.stderr)
                self.assertLess(time.monotonic() - begin, SECONDS)
        self.assertFalse((self.directory / "runs").exists(), "refused, but trained")

    def test_a_wrong_job_is_refused_once_with_its_exit_code(self):
        self.refused(USAGE_ERROR, "train", "job.textproto", "--set", "epochs=0", ranks=3,
                     says=["on rank 0", "epochs: must be at least 1, is 0"])

    def test_what_is_wrong_on_one_rank_alone_ends_all(self):
        job = ["train", "job.textproto"]
        last_rank = self.command("train", "missing.textproto", before=[":", "-np", "1"])
        result = self.run_program(*job, *last_rank, ranks=2, expect=USAGE_ERROR)
        self.assertIn("on rank 2 ", result.stderr)
        self.assertIn("missing.textproto: cannot be read", result.stderr)


if __name__ == "__main__":
    program.main()
