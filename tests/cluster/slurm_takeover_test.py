"""Slurm starts a job again while ranks of the old attempt still live: they do no harm.

usage: slurm_takeover_test.py LOCKSTEP
"""

import os
import signal

import sandbox
from nodes import wait_until
from slurm_case import DEADLINE_SECONDS, SETTINGS, SlurmTest


class TakeoverTest(SlurmTest):
    node_count = 2

    def test_ranks_that_outlived_their_attempt_cannot_damage_the_run_directory(self):
        # All ranks on one node: so the old attempt lacks nothing to go on.
        job = self.train(layout=("--nodes=1", "--ntasks=2"))
        self.wait_for_checkpoint(job)
        node = self.slurm.batch_host(job)
        with self.held(node) as old_ranks:
            for daemon in self.cluster.processes(node, "slurmd"):
                os.kill(daemon, signal.SIGKILL)
            self.wait_for_log(job, f"slurm-{job}, attempt 2 ", "resuming from")
            self.assertEqual(self.cluster.processes(node, "lockstep"), old_ranks)
        # The srun of the old attempt asks Slurm to end "step 1 of the job", which may hit the new one: then there is a third.
        self.assert_completed(job, attempts=None)
        wait_until(lambda: not self.cluster.processes(node, "lockstep"), "the old ranks have ended", DEADLINE_SECONDS)
        self.assertIn("taken over by attempt 2 of launch slurm-", self.slurm.log_of(job))
        self.assertEqual(self.slurm.state(job), "COMPLETED")
        self.assert_bytes_of_one_rank(*SETTINGS)
        self.cluster.run("login", self.program, "verify", self.last_checkpoint())


if __name__ == "__main__":
    sandbox.main(argument_count=1)
