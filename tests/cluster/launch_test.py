"""deploy/mpirun/launch while nodes, ranks and mpirun fail: it finishes unattended, with the bytes of one rank that
nobody disturbed. At the end it prints how long each fault cost; deploy/cluster.md has that table.

usage: launch_test.py LOCKSTEP
"""

import json
import os
import signal
import time

import sandbox
from cluster_test import ClusterTest
from launched_run import LaunchedRun

TABLE = []  # (fault, ranks after it, seconds until it was noticed, seconds until there was a new checkpoint)


def tearDownModule():
    print("\n| fault | ranks | noticed | new checkpoint |\n| --- | --- | --- | --- |")
    for fault, ranks, noticed, again in TABLE:
        print(f"| {fault} | {ranks} | {noticed:.1f} s | {again:.1f} s |")


class LaunchTest(ClusterTest):

    def start(self, *options, epochs):
        """Starts a job of 10 steps an epoch that saves after each of them."""
        self.settings = ["--set", f"epochs={epochs}", "--set", "checkpoint.every_steps=10"]
        self.attempts = 1
        return LaunchedRun(self, "--hostfile", "hosts", *options, "job.textproto", *self.settings)

    def strike(self, run, name, fault, ranks, repair=lambda: None):
        """Lets the fault happen once the run has saved; the run must then go on, on `ranks` ranks, and save anew.
        As soon as that many are starting, `repair` is called."""
        saved = run.wait_for_checkpoint_after(max(self.saved_step(), 0))
        start = time.monotonic()
        fault()
        noticed = run.wait_for_line(f"attempt {self.attempts} ended") - start
        self.attempts += 1
        run.wait_for_line(f"attempt {self.attempts}: {ranks} ranks on .* because")
        repair()
        run.wait_for_checkpoint_after(saved)
        TABLE.append((name, ranks, noticed, time.monotonic() - start))

    def kill(self, node, process):
        os.kill(self.cluster.processes(node, process)[0], signal.SIGKILL)

    def bring_back(self):
        self.cluster.restore("node1")
        self.cluster.boot("node3")

    def test_nodes_crash_fall_silent_and_come_back(self):
        run = self.start("--rejoin", "--ask-again", "1", "--probe-timeout", "5", epochs=100)
        self.strike(run, "a node crashes", lambda: self.cluster.crash("node3"), ranks=6)
        run.wait_for_line("node3 is left out: does not answer")
        # Rank 0 is on node1, and lives on there for a while with the run directory open.
        self.strike(run, "the node of rank 0 falls silent", lambda: self.cluster.silence("node1"), ranks=4,
                    repair=self.bring_back)
        run.wait_for_line("node1 is left out: does not answer")
        run.wait_for_line("8 ranks on node1 node2 node3 node4, because back again: node")
        run.finish()
        self.assert_bytes_of_one_rank(*self.settings)
        self.assert_status_tells([(8, ""), (6, "contact with a host was lost"), (4, "contact with a host was lost"),
                                  (8, "back again: node")])

    def assert_status_tells(self, wanted):
        """`lockstep status`, from another node, lists these attempts, in this order: ranks, and why they began."""
        answer = self.cluster.run("node2", self.program, "status", "runs/digits", "--json").stdout
        attempts = [(attempt["ranks"], attempt.get("reason", "")) for attempt in json.loads(answer)["attempts"]]
        rest = iter(attempts)
        for ranks, reason in wanted:
            self.assertTrue(any(ranks == is_ranks and is_reason.startswith(reason) for is_ranks, is_reason in rest),
                            f"{wanted} in {attempts}")

    def test_ranks_daemons_and_mpirun_are_killed(self):
        run = self.start(epochs=100)
        self.strike(run, "a rank is killed", lambda: self.kill("node2", "lockstep"), ranks=8)
        self.strike(run, "mpirun is killed", lambda: self.kill("login", "mpirun"), ranks=8)
        self.strike(run, "a node's orted is killed", lambda: self.kill("node4", "orted"), ranks=8)
        run.finish()
        self.assert_bytes_of_one_rank(*self.settings)


if __name__ == "__main__":
    sandbox.main(argument_count=1)
