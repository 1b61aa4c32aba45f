"""The cluster of namespaces itself: the other tests of this folder rest on what is shown here.

usage: harness_test.py
"""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

import sandbox
from nodes import Cluster, wait_until
from ssh import Ssh


class HarnessTest(unittest.TestCase):

    def setUp(self):
        self.cluster = self.enterContext(Cluster(3, services=[Ssh()]))

    def answers(self, node):
        return self.cluster.run("login", "ssh", "-o", "ConnectTimeout=2", node, "true", expect=None).returncode == 0

    def assert_answers(self, node):
        wait_until(lambda: self.answers(node), f"{node} answers")  # a busy machine may need several tries

    def test_every_node_has_its_own_name_and_is_reached_from_every_other(self):
        for here in ("login", "node1", "node3"):
            for there in self.cluster.nodes:
                self.assertEqual(self.cluster.run(here, "ssh", there, "hostname").stdout, f"{there}\n")

    def test_nodes_share_one_directory_and_nothing_else_that_is_written(self):
        self.cluster.run("node1", "sh", "-c", "for d in . /tmp /run /dev/shm; do echo here >$d/mark; done")
        self.assertEqual(self.cluster.run("node2", "cat", "mark").stdout, "here\n")
        self.assertEqual((self.cluster.shared / "mark").read_text(), "here\n")
        for directory in ("/tmp", "/run", "/dev/shm"):
            for node in ("node2", "login"):
                self.cluster.run(node, "test", "-e", f"{directory}/mark", expect=1)

    def test_the_repository_is_visible_wherever_it_is(self):
        for node in ("login", "node1"):
            self.cluster.run(node, "test", "-e", __file__)

    def test_a_node_sees_its_own_processes_alone_and_they_are_found_from_outside(self):
        sleeper = self.cluster.start("node1", "sleep", "1000")
        wait_until(lambda: len(self.cluster.processes("node1", "sleep")) == 2, "node1 sleeps")  # init sleeps too
        self.assertEqual(len(self.cluster.processes("node2", "sleep")), 1)
        self.assertEqual(self.cluster.run("node2", "pgrep", "-c", "sleep").stdout, "1\n")
        os.kill(self.cluster.processes("node1", "sleep")[-1], signal.SIGTERM)
        self.assertNotEqual(sleeper.wait(10), 0)

    def test_orphans_are_reaped(self):
        self.cluster.run("node1", "sh", "-c", "true & exec true")
        wait_until(lambda: not self.cluster.processes("node1", "true"), "no zombie is left")

    def test_a_crashed_node_is_gone_until_it_boots_and_then_empty(self):
        self.cluster.run("node2", "touch", "/tmp/mark")
        self.cluster.crash("node2")
        self.assertFalse(self.answers("node2"))
        self.assert_answers("node1")
        self.cluster.boot("node2")
        self.assert_answers("node2")
        self.cluster.run("node2", "test", "-e", "/tmp/mark", expect=1)

    def test_a_silent_node_lives_on_and_answers_when_it_is_restored(self):
        self.cluster.run("node2", "touch", "/tmp/mark")
        self.cluster.silence("node2")
        self.assertFalse(self.answers("node2"))
        self.cluster.restore("node2")
        self.assert_answers("node2")
        self.cluster.run("node2", "test", "-e", "/tmp/mark")

    def test_a_crash_closes_connections_and_switching_off_does_not(self):
        for fault, told in ((self.cluster.crash, True), (self.cluster.power_off, False)):
            with self.subTest(fault=fault.__name__):
                session = self.cluster.start("login", "ssh", "node3", "echo up; cat", stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE)
                self.assertEqual(session.stdout.readline(), b"up\n")
                fault("node3")
                try:
                    session.wait(60 if told else 2)
                    ended = True
                except subprocess.TimeoutExpired:
                    ended = False
                self.assertEqual(ended, told)
                session.kill()
                session.communicate()
                self.cluster.boot("node3")

    def test_links_count_the_bytes_that_a_node_sends(self):
        before = {node: self.cluster.bytes_sent(node) for node in self.cluster.nodes}
        self.cluster.run("login", "sh", "-c", "ssh node1 head -c 1000000 /dev/zero | wc -c")
        sent = {node: self.cluster.bytes_sent(node) - before[node] for node in self.cluster.nodes}
        self.assertGreater(sent["node1"], 1e6)
        self.assertLess(sent["node1"], 1.1e6)
        self.assertLess(sent["node2"], 1e4)


class SandboxTest(unittest.TestCase):

    def this_test(self, *arguments, before=(), **variables):
        """Runs this file again, in a sandbox in this sandbox."""
        return subprocess.run([*before, sys.executable, "-B", __file__, *arguments], text=True, check=False,
                              env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_two_clusters_at_once_do_not_meet(self):
        before = os.listdir("/tmp")  # a checkout may lie there
        with Cluster(2, services=[Ssh()]) as cluster:
            cluster.run("node1", "touch", "/run/shared/mark", "/tmp/mark")
            name = "HarnessTest.test_nodes_share_one_directory_and_nothing_else_that_is_written"
            other = self.this_test(name)
            self.assertEqual(other.returncode, 0, other.stdout)
            self.assertEqual(cluster.run("node2", "ssh", "node1", "hostname; ls").stdout.split()[0], "node1")
            self.assertEqual(os.listdir("/tmp"), before)

    def test_where_namespaces_are_not_allowed_tests_are_skipped_and_in_ci_they_fail(self):
        for ci, code, word in (("", sandbox.SKIPPED, "SKIPPED"), ("true", 1, "FAILED")):
            with self.subTest(ci=ci):
                result = self.this_test(before=["setpriv", "--bounding-set=-sys_admin"], CI=ci)
                self.assertEqual(result.returncode, code, result.stdout)
                self.assertIn(f"{word}: a cluster of namespaces cannot be made here", result.stdout)


class NothingStaysTest(unittest.TestCase):

    def test_after_a_cluster_there_are_no_processes_links_mounts_or_files_of_it(self):
        def traces():
            links = sorted(os.listdir("/sys/class/net"))
            mounts = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8")
            processes = [pid for pid in os.listdir("/proc") if pid.isdecimal()]
            return links, mounts, processes, sorted(os.listdir("/tmp")), os.listdir("/run/shared")

        with Cluster(1):
            pass
        before = traces()
        with Cluster(2, services=[Ssh()]) as cluster:
            cluster.run("node1", "ssh", "node2", "true")
            cluster.start("node2", "sleep", "1000")
        self.assertEqual(before, traces())


if __name__ == "__main__":
    sandbox.main(argument_count=0)
