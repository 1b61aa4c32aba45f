"""Slurm takes a job's nodes away, on purpose: it is saved, put back into the queue, and ends with the same bytes.

usage: slurm_requeue_test.py LOCKSTEP
"""

import time

import sandbox
from slurm_case import SlurmTest


class RequeueTest(SlurmTest):
    node_count = 4

    def test_a_job_that_is_requeued_saves_and_goes_on(self):
        job = self.train()
        self.wait_for_checkpoint(job)
        with self.held("node1"):
            since = time.monotonic()
            self.cluster.run("login", "scontrol", "requeue", job)
        self.wait_until_restarted(job, "`scontrol requeue`", since)
        self.assert_reason(job, "job requeue")
        self.assertIn("stopped by SIGTERM", self.slurm.log_of(job))
        self.assert_completed(job, attempts=2)

    def test_a_job_whose_time_is_nearly_up_saves_and_requeues_itself(self):
        job = self.train("--time=1", "--signal=B:USR1@30")
        self.wait_for_checkpoint(job)
        with self.held("node1"):
            self.wait_for_log(job, "USR1: the ranks save and stop")
            since = time.monotonic()
        self.wait_until_restarted(job, "time limit, from the signal before it", since)
        self.assert_reason(job, "the time limit, or preemption")
        self.assertIn("the ranks ended with exit code 75", self.slurm.log_of(job))
        self.assert_completed(job, attempts=None)  # on a slow machine, the second attempt may have to stop too

    def test_a_job_that_is_requeued_while_mpirun_is_its_starter_saves_and_goes_on(self):
        job = self.train("--export=ALL,LOCKSTEP_STARTER=mpirun")
        self.wait_for_checkpoint(job)
        with self.held("node1"):
            since = time.monotonic()
            self.cluster.run("login", "scontrol", "requeue", job)
        self.wait_until_restarted(job, "`scontrol requeue`, mpirun", since)
        self.assert_completed(job, attempts=2)


class PreemptionTest(SlurmTest):
    node_count = 4
    slurm_settings = ("PreemptType=preempt/partition_prio", "PreemptMode=REQUEUE",
                      "PartitionName=low Nodes=ALL Default=YES PriorityTier=1 GraceTime=0",
                      "PartitionName=long Nodes=ALL PriorityTier=1 GraceTime=30",
                      "PartitionName=high Nodes=ALL PriorityTier=2 PreemptMode=OFF")

    def preempted(self, partition):
        """A job that lost its nodes to another for a moment, and trains again."""
        job = self.train(f"--partition={partition}")
        self.wait_for_checkpoint(job)
        with self.held("node1"):
            since = time.monotonic()
            self.slurm.submit("--partition=high", "--nodes=4", "--exclusive", "--output=urgent", "--wrap=echo done")
            self.wait_for_log(job, "CANCELLED AT")
        grace = "30" if partition == "long" else "0"
        self.wait_until_restarted(job, f"preemption, GraceTime={grace}", since)
        self.assertIn("stopped by SIGTERM", self.slurm.log_of(job))
        self.assertEqual((self.cluster.shared / "urgent").read_text(encoding="utf-8"), "done\n")
        self.assert_reason(job, "preemption")
        return job

    def test_a_job_that_is_preempted_at_once_goes_on_when_it_may(self):
        self.assert_completed(self.preempted("low"), attempts=2)

    def test_a_job_that_is_preempted_with_a_grace_time_gives_its_nodes_back_early_and_goes_on_when_it_may(self):
        job = self.preempted("long")
        self.assertIn("train.sbatch: requeue: preemption", self.slurm.log_of(job))
        self.assert_completed(job, attempts=2)


if __name__ == "__main__":
    sandbox.main(argument_count=1)
