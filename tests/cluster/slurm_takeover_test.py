"""Slurm starts a job again while a rank of the old attempt still lives: it does no harm.

usage: slurm_takeover_test.py LOCKSTEP
"""

import os
import signal

import sandbox
from nodes import wait_until
from slurm_case import DEADLINE_SECONDS, LONG_SETTINGS, SlurmTest


class TakeoverTest(SlurmTest):
    node_count = 2

    def contents(self):
        """What the run directory holds, byte for byte, by file name."""
        return {path: path.read_bytes() for path in (self.cluster.shared / "runs/digits").rglob("*") if path.is_file()}

    def test_a_rank_that_outlived_its_attempt_cannot_damage_the_run_directory(self):
        # All by itself, it lacks nothing to go on.
        job = self.train(layout=("--nodes=1", "--ntasks=1"), settings=LONG_SETTINGS)
        self.wait_for_checkpoint(job)
        node = self.slurm.batch_host(job)
        with self.held(node) as old_rank:
            for daemon in self.cluster.processes(node, "slurmd"):
                os.kill(daemon, signal.SIGKILL)
            self.assert_completed(job, *LONG_SETTINGS, attempts=2)
            self.assertEqual(self.cluster.processes(node, "lockstep"), old_rank)
            before = self.contents()
        # It had dozens of steps and several checkpoints before it.
        wait_until(lambda: not self.cluster.processes(node, "lockstep"), "the old rank has ended", DEADLINE_SECONDS)
        self.assertEqual(before, self.contents())
        self.assert_bytes_of_one_rank(*LONG_SETTINGS)


if __name__ == "__main__":
    sandbox.main(argument_count=1)
