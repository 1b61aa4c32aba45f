"""What deploy/slurm/train.sbatch decides when its ranks have ended, with stand-ins for srun and scontrol.
tests/cluster/ runs it under Slurm.

usage: train_sbatch_test.py ROOT
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop())

# The check of the nodes, and the ranks, do as they are told.
SRUN = """#!/bin/bash
case "$*" in
  *--mpi=list*) echo pmix ;;
  *--mpi=none*) exit "$CHECK" ;;
  *) eval "$RANKS" ;;
esac
"""

# Writes its arguments down, and says what Slurm knows of the job.
SCONTROL = """#!/bin/bash
echo "$*" >>"$CALLS"
[[ $1 != show ]] || echo "   JobState=$STATE Requeue=$REQUEUE Restarts=$SLURM_RESTART_COUNT PreemptTime=$PREEMPTED"
"""

KILLED = 137


class TrainSbatchTest(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="lockstep-sbatch-")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
            (self.scratch / name).write_text(text, encoding="utf-8")
            (self.scratch / name).chmod(0o755)
        self.log = self.scratch / "log"
        self.log.touch()

    def attempt(self, ranks, restarts=0, check=0, **variables):
        """The exit code of an attempt whose ranks do as told; fills self.calls with what scontrol was asked."""
        told = {"SLURM_JOB_ID": 7, "ENVIRONMENT": "BATCH", "SLURM_SUBMIT_DIR": self.scratch, "SLURM_JOB_NUM_NODES": 1,
                "SLURM_JOB_NODELIST": "node1", "SLURM_RESTART_COUNT": restarts, "LOCKSTEP": "lockstep", "CHECK": check,
                "RANKS": ranks, "STATE": "RUNNING", "REQUEUE": 1, "PREEMPTED": "None", "CALLS": self.scratch / "calls",
                **variables}
        environment = {**os.environ, **{name: str(value) for name, value in told.items()},
                       "PATH": f"{self.scratch}:{os.environ['PATH']}"}
        (self.scratch / "calls").write_text("", encoding="utf-8")
        with open(self.log, "a", encoding="utf-8") as log:
            code = subprocess.run(["bash", ROOT / "deploy/slurm/train.sbatch", "job.textproto"], cwd=self.scratch,
                                  env=environment, check=False, stdout=log, stderr=log, timeout=120).returncode
        self.calls = (self.scratch / "calls").read_text(encoding="utf-8").splitlines()
        return code

    def assert_requeued(self, reason, job="7"):
        log = self.log.read_text(encoding="utf-8")
        self.assertEqual(self.calls, [f"show job {job}", f"requeue {job}"], log)
        self.assertIn(f"train.sbatch: requeue: {reason}\n", log)

    def assert_ended(self, because):
        log = self.log.read_text(encoding="utf-8")
        self.assertNotIn("requeue", " ".join(self.calls), log)
        self.assertIn(because, log.splitlines()[-1])

    def test_what_another_attempt_would_not_mend_ends_the_job(self):
        for code in (0, 2, 3, 4, 5):
            self.assertEqual(self.attempt(f"exit {code}"), code)
            self.assertEqual(self.calls, [])

    def test_a_rank_that_is_killed_is_another_attempt(self):
        self.assertEqual(self.attempt(f"exit {KILLED}"), KILLED)
        self.assert_requeued("exit code 137")

    def test_the_last_task_of_an_array_whose_number_is_that_of_the_array_requeues_itself_alone(self):
        self.attempt(f"exit {KILLED}", SLURM_ARRAY_JOB_ID=7, SLURM_ARRAY_TASK_ID=3)
        self.assert_ended("has no line that begins with name")
        (self.scratch / "job.textproto").write_text('name: "small"  # and more\nlayer {\nname: "first"\n}\n',
                                                    encoding="utf-8")
        self.attempt(f"exit {KILLED}", SLURM_ARRAY_JOB_ID=7, SLURM_ARRAY_TASK_ID=3)
        self.assert_requeued("exit code 137", job="7_3")
        self.assertIn(" --set name=small-seed3 --set seed=3\n", self.log.read_text(encoding="utf-8"))

    def test_after_the_signal_before_the_time_limit_the_job_is_requeued(self):
        self.assertEqual(self.attempt("trap 'exit 75' USR1; kill -USR1 $PPID; while :; do sleep 0.01; done"), 75)
        self.assert_requeued("the time limit, or preemption")

    def test_a_job_that_may_not_be_requeued_says_how_it_goes_on(self):
        self.attempt(f"exit {KILLED}", REQUEUE=0)
        self.assert_ended("may not be requeued: the next of its chain goes on")

    def test_a_stop_that_nobody_has_to_follow_up_ends_the_job(self):
        self.assertEqual(self.attempt("exit 75"), 75)
        self.assert_ended("stopped on request and saved")

    def test_a_job_that_slurm_has_ended_is_left_to_slurm(self):
        self.attempt(f"exit {KILLED}", STATE="CANCELLED")
        self.assert_ended("whether there is another is its decision")

    def test_a_program_that_gives_up_ends_the_job_and_a_network_that_fails_does_not(self):
        said = "echo runs/small: gives up: the last 3 attempts of launch slurm-%s began after step 0 >&2; exit 6"
        self.attempt(said % 70)
        self.assert_requeued("exit code 6")
        self.assertEqual(self.attempt(said % 7), 6)
        self.assert_ended("error: the program gives up")

    def test_ten_failures_within_a_minute_in_a_row_are_the_last(self):
        for restarts in range(19):
            self.attempt("exit 75" if restarts == 9 else "exit 1", restarts)
        self.assert_requeued("exit code 1")
        self.attempt("exit 1", SLURM_JOB_ID=8)  # another job, which shares the log
        self.assert_requeued("exit code 1", job="8")
        self.attempt("exit 1", 19)
        self.assert_ended("error: 10 attempts in a row failed within a minute")

    def test_a_check_of_the_nodes_that_finds_something_wrong_ends_the_job(self):
        self.assertEqual(self.attempt("exit 0", check=2), 2)
        self.assert_ended("not every node of node1 can run this job")

    def test_a_check_of_the_nodes_that_is_cut_short_is_another_attempt(self):
        self.assertEqual(self.attempt("exit 0", check=143, PREEMPTED="2026-01-01T00:00:00"), 143)
        self.assert_requeued("preemption")
        self.attempt("exit 0", check=1)
        self.assert_requeued("exit code 1")

    def test_ranks_are_told_their_attempt_whatever_sbatch_was_told_to_export(self):
        self.attempt('echo "told $SLURM_EXPORT_ENV $LOCKSTEP_LAUNCH $LOCKSTEP_ATTEMPT"', restarts=2,
                     SLURM_EXPORT_ENV="NONE")
        self.assertIn("told ALL slurm-7 3\n", self.log.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
