"""What the tests of deploy/slurm/train.sbatch share: a cluster with Slurm, a job that is submitted to it, faults at a
known time, and what must hold in the end."""

import contextlib
import os
import signal
import time

from cluster_test import ClusterTest
from nodes import wait_until
from slurm import Slurm

SCRIPT = "deploy/slurm/train.sbatch"
LAYOUT = ("--nodes=4", "--ntasks-per-node=2")

# A tenth of the parameters: what is looked at here is not speed. The first of ten checkpoints says that it is time for
# a fault.
SETTINGS = ("--set", "model.layer[0].linear.units=16", "--set", "epochs=10", "--set", "checkpoint.every_steps=10")
# One or two ranks, a core each, do that in half a second: too short for a fault to come in time.
LONG_SETTINGS = (*SETTINGS, "--set", "epochs=200")

ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY"}
DEADLINE_SECONDS = 240  # far more than anything takes here; the machine may be busy


class SlurmTest(ClusterTest):
    """A test case with Slurm on `node_count` nodes; the shared directory is what sbatch is called in."""

    node_count = 5  # one to spare
    slurm_settings = ()  # lines for slurm.conf

    def setUp(self):
        super().setUp()
        self.slurm.wait_until_ready()

    def services(self):
        self.slurm = Slurm(*self.slurm_settings)
        return [self.slurm]

    # A job on its way

    def train(self, *options, settings=SETTINGS, layout=LAYOUT, **popen):
        """Submits the job; `options` are sbatch's. Returns its number."""
        return self.slurm.submit(*layout, *options, SCRIPT, "job.textproto", *settings, **popen)

    def wait_for(self, job, condition, what, seconds=DEADLINE_SECONDS):
        """Returns when the condition holds. Fails when the job ends before, or after so long, and tells all."""
        try:
            def holds():
                if value := condition():
                    return value
                state = self.slurm.state(job)
                if state in ENDED and not condition():
                    raise AssertionError(f"the job is {state}, before this: {what}")
                return None
            return wait_until(holds, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.slurm.log_of(job)}\n{self.slurm.diagnosis()}") from None

    def wait_for_checkpoint(self, job, run="runs/digits"):
        directory = self.cluster.shared / run / "checkpoints"
        self.wait_for(job, lambda: any(directory.glob("step-*.h5")), "a checkpoint")

    def wait_for_log(self, job, *texts):
        """Returns when the texts, one behind the other, stand in the job's log."""
        def found():
            log, position = self.slurm.log_of(job), 0
            for text in texts:
                position = log.find(text, position)
                if position < 0:
                    return False
            return True
        self.wait_for(job, found, f"the log says {' ... '.join(texts)}")

    @contextlib.contextmanager
    def held(self, node):
        """The node's ranks stand still, and so all others: the job does not end before its fault has come."""
        ranks = self.cluster.processes(node, "lockstep")
        for rank in ranks:
            os.kill(rank, signal.SIGSTOP)
        yield ranks
        for rank in ranks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rank, signal.SIGCONT)

    # What must hold

    def wait_until_restarted(self, job, fault, since, attempt=2):
        """Returns when that attempt trains, and prints what it took, as a row of deploy/cluster.md's table."""
        self.wait_for_log(job, f"slurm-{job}, attempt {attempt} ", "resuming from")
        print(f"| {fault} | {time.monotonic() - since:.0f} s |", flush=True)

    def assert_completed(self, job, *settings, attempts=1, run="runs/digits"):
        """The job ends COMPLETED after so many attempts (None: some), with the bytes of one rank left alone."""
        self.wait_for(job, lambda: self.slurm.state(job) == "COMPLETED", "the job is COMPLETED")
        if attempts:
            self.assertEqual(self.slurm.facts(job)["Restarts"], str(attempts - 1), self.slurm.log_of(job))
        self.assert_bytes_of_one_rank(*(settings or SETTINGS), run=run)

    def assert_reason(self, job, reason, attempt=2):
        """The log says why there is that attempt."""
        begins = [line for line in self.slurm.log_of(job).splitlines() if f"slurm-{job}, attempt {attempt} " in line]
        self.assertEqual(len(begins), 1, self.slurm.log_of(job))
        self.assertIn(reason, begins[0])
