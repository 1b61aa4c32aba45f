"""deploy/mpirun/launch does as it is told: signals, placement of ranks, giving up.

usage: launch_control_test.py LOCKSTEP
"""

import signal

import sandbox
from cluster_test import ClusterTest
from launched_run import LaunchedRun
from nodes import wait_until

STOPPED, GAVE_UP = 75, 6
KILLED = -signal.SIGKILL

LONG = ["--set", "epochs=100", "--set", "checkpoint.every_steps=10"]

# A program whose training dies at once.
DYING = """#!/bin/sh
[ "$1" = train ] && kill -KILL $$
exec build/release/lockstep "$@"
"""


class LaunchControlTest(ClusterTest):

    node_count = 2

    def start(self, *options):
        return LaunchedRun(self, "--hostfile", "hosts", *options, "job.textproto", *LONG)

    def test_signals_let_the_run_save_and_the_same_command_goes_on(self):
        saved = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            run = self.start()
            run.wait_for_line("training digits")
            saved = run.wait_for_checkpoint_after(max(saved, self.saved_step()))
            run.send_signal(number)
            run.finish(expect=STOPPED)
            self.assertIn("stopped and saved", run.output)
        self.start().finish()
        self.assert_bytes_of_one_rank(*LONG)

    def test_a_signal_while_ranks_are_starting_waits_until_they_can_save(self):
        run = self.start()
        run.wait_for_line("attempt 1: 4 ranks")
        run.send_signal(signal.SIGTERM)
        run.finish(expect=STOPPED)
        self.assertGreaterEqual(self.saved_step(), 0)

    def test_a_second_signal_ends_the_run_at_once(self):
        run = self.start()
        run.wait_for_line("attempt 1: 4 ranks")
        run.send_signal(signal.SIGINT)
        run.wait_for_line("SIGINT: the run saves and ends")
        run.send_signal(signal.SIGINT)
        run.finish(expect=STOPPED)
        self.assertIn("SIGINT again: ending the run at once", run.output)
        self.assertIn("what counts is the last checkpoint", run.output)

    def test_when_launch_itself_is_killed_the_run_saves_and_ends(self):
        run = self.start()
        saved = run.wait_for_checkpoint_after(0)
        run.send_signal(signal.SIGKILL)
        wait_until(lambda: not self.cluster.processes("node1", "lockstep"), "the ranks end")
        self.assertGreater(self.saved_step(), saved)
        run.finish(expect=KILLED)

    def test_what_fails_again_and_again_is_given_up(self):
        self.write("dying", DYING)
        self.cluster.run("login", "chmod", "+x", "dying")
        run = self.start("--program", "dying", "--give-up-after", "2")
        run.finish(expect=GAVE_UP)
        self.assertEqual(run.output.count("a rank was killed by SIGKILL; nothing is saved yet"), 2)
        self.assertIn("gave up: 2 failures one after the other, without a new checkpoint", run.output)

    def test_ranks_share_the_cores_of_their_host(self):
        cores = int(self.cluster.run("node1", "nproc").stdout)
        for slots, threads in ((1, cores), (cores, 1), (cores + 1, 1)):
            with self.subTest(slots=slots):
                self.write("hosts", f"node1 slots={slots}\n")
                run = LaunchedRun(self, "--hostfile", "hosts", "job.textproto", "--set", "epochs=1", "--set",
                                  f"name=slots{slots}")
                run.finish()
                self.assertRegex(run.output, f"ranks? 0.* on node1, {threads} threads?")

    def test_installed_it_starts_the_program_beside_it(self):
        for directory in ("bin", "share"):
            (self.cluster.shared / directory).mkdir()
        self.cluster.run("login", "cp", "-r", "deploy/mpirun", "share/mpirun")
        self.cluster.run("login", "ln", "-s", "../share/mpirun/launch", "bin/lockstep-launch")
        self.cluster.run("login", "cp", self.program, "bin/lockstep")
        self.cluster.run("login", "rm", "build/release", "deploy")
        self.cluster.run("login", "bin/lockstep-launch", "--hostfile", "hosts", "job.textproto", "--set", "epochs=1")

    def test_fewer_ranks_than_slots(self):
        run = LaunchedRun(self, "--hostfile", "hosts", "--np", "3", "job.textproto", "--set", "epochs=1")
        run.finish()
        self.assertIn("ranks 0-1 on node1, 2 on node2", run.output)


if __name__ == "__main__":
    sandbox.main(argument_count=1)
