"""What a job runs on fails: Slurm, or the script, starts it again, and it ends with the same bytes.

usage: slurm_failure_test.py LOCKSTEP
"""

import os
import signal
import time

import sandbox
from slurm_case import SETTINGS, SlurmTest

DIVERGED = 5
DIVERGING = ("--set", "optimizer.adam.learning_rate=1e6", "--set", "model.layer[1]={ elu { alpha: 1e6 } }")


class NodeFailureTest(SlurmTest):

    def after(self, fault, what):
        """A job that trains again after fault(), which befell node3, on another node."""
        job = self.train()
        self.wait_for_checkpoint(job)
        with self.held("node1"):
            since = time.monotonic()
            fault()
            # Ranks of a node without slurmd could train to the end before Slurm misses it.
            self.wait_for(job, lambda: self.slurm.facts(job)["Restarts"] == "1", "Slurm has noticed")
        self.wait_until_restarted(job, what, since)
        self.assertEqual(self.slurm.hosts(job), ["node1", "node2", "node4", "node5"])
        return job

    def test_after_the_crash_of_a_node_a_job_goes_on_with_a_spare_one(self):
        self.assert_completed(self.after(lambda: self.cluster.crash("node3"), "crash of a node"), attempts=2)

    def test_without_a_node_that_fell_silent_a_job_goes_on_with_a_spare_one(self):
        self.assert_completed(self.after(lambda: self.cluster.silence("node3"), "a node falls silent"), attempts=2)

    def test_without_a_node_whose_slurmd_was_killed_a_job_goes_on_with_a_spare_one(self):
        def kill_slurmd():
            for daemon in self.cluster.processes("node3", "slurmd"):
                os.kill(daemon, signal.SIGKILL)

        self.assert_completed(self.after(kill_slurmd, "slurmd of a node is killed"), attempts=2)


class OtherFailuresTest(SlurmTest):
    node_count = 4

    def test_a_job_one_of_whose_ranks_is_killed_goes_on_from_its_last_checkpoint(self):
        job = self.train()
        self.wait_for_checkpoint(job)
        with self.held("node1"):
            since = time.monotonic()
            os.kill(self.cluster.processes("node3", "lockstep")[0], signal.SIGKILL)
        self.wait_until_restarted(job, "a rank is killed", since)
        self.assert_reason(job, "exit code 137")
        self.assert_completed(job, attempts=2)

    def test_a_job_that_fails_again_and_again_before_it_saves_is_given_up(self):
        job = self.train("--hold", layout=("--nodes=1", "--ntasks=2"))
        for attempt in (1, 2, 3):  # as if it were this job; Slurm would take its time
            self.cluster.run("login", self.program, "train", "job.textproto", *SETTINGS, *DIVERGING, expect=DIVERGED,
                             env={**os.environ, "LOCKSTEP_LAUNCH": f"slurm-{job}", "LOCKSTEP_ATTEMPT": str(attempt)})
        self.cluster.run("login", "scontrol", "release", job)
        self.wait_for(job, lambda: self.slurm.state(job) == "FAILED", "the job has ended")
        self.assertEqual((self.slurm.facts(job)["ExitCode"], self.slurm.facts(job)["Restarts"]), ("6:0", "0"))
        self.assertIn(f"gives up: the last 3 attempts of launch slurm-{job} began after step 0", self.slurm.log_of(job))
        self.assertIn("train.sbatch: error: the program gives up, see above", self.slurm.log_of(job))

    def test_a_job_does_not_notice_that_slurmctld_is_started_again(self):
        job = self.train()
        self.wait_for_checkpoint(job)
        with self.held("node1"):
            self.slurm.stop_controller()
            self.slurm.start_controller()
        self.assert_completed(job, attempts=1)


if __name__ == "__main__":
    sandbox.main(argument_count=1)
