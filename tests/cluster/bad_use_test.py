"""What is wrong with a cluster, or with how it is used, is told within seconds, by the name of the node and with
what would help.

usage: bad_use_test.py LOCKSTEP
"""

import os
import re
import struct
import time

import sandbox
from cluster_test import ClusterTest

USAGE_ERROR, DATA_ERROR, STORAGE_ERROR, GAVE_UP = 2, 3, 4, 6

SECONDS = 60  # much, but the machine may be busy

WRITE_IMAGES = """
import h5py, numpy
with h5py.File("/tmp/images.h5", "w") as file:
    file["images"] = (numpy.arange(1600) % 251).astype("u1").reshape(100, 1, 4, 4)
    file["labels"] = numpy.arange(100, dtype="u1") % 10
"""


def with_another_build_id(program):
    """The bytes of a program that computes the same, but has another build id."""
    note = struct.pack("<3I", 4, 20, 3) + b"GNU\0"  # sizes of name and id, kind, name: elf(5)
    place = program.index(note) + len(note)
    return program[:place] + bytes([program[place] ^ 1]) + program[place + 1:]


class BadUseTest(ClusterTest):

    node_count = 2

    def launch(self, code, *arguments, says=(), settings=("--set", "epochs=1"), **options):
        """`launch` must end with that code, and write each text of `says`."""
        start = time.monotonic()
        launch = self.cluster.shared / "deploy/mpirun/launch"
        result = self.cluster.run("login", launch, "--hostfile", self.cluster.shared / "hosts", *arguments,
                                  "job.textproto", *settings, expect=code, **options)
        self.assertLess(time.monotonic() - start, SECONDS)
        for text in says:
            self.assertIn(text, result.stderr)

    def install(self, *nodes):
        """A copy of the program on each node's own disk; its path."""
        for node in nodes:
            self.cluster.run(node, "cp", self.program, "/tmp/lockstep")
        return "/tmp/lockstep"

    def test_a_program_that_a_node_does_not_have(self):
        program = self.install("login", "node1")
        self.launch(USAGE_ERROR, "--program", program,
                    says=["node2: it has no program /tmp/lockstep: install it there"])

    def test_a_program_that_does_not_run_on_a_node(self):
        program = self.install("login", "node1", "node2")
        self.cluster.run("node2", "sh", "-c", "printf '#!/bin/sh\\necho no libhdf5 >&2; exit 127' >/tmp/lockstep")
        self.launch(USAGE_ERROR, "--program", program, says=["node2: /tmp/lockstep does not run there: no libhdf5"])

    def test_another_build_on_a_node(self):
        program = self.install("login", "node1", "node2")
        self.cluster.run("node2", "sh", "-c", "echo >>/tmp/lockstep")
        self.launch(USAGE_ERROR, "--program", program,
                    says=["node2: its /tmp/lockstep is another build", "install the same one on all hosts"])

    def test_a_working_directory_that_a_node_does_not_have(self):
        for node in ("login", "node1"):
            self.cluster.run(node, "mkdir", "/tmp/work")
            self.cluster.run(node, "cp", "job.textproto", "/tmp/work")
        self.launch(USAGE_ERROR, cwd="/tmp/work",
                    says=["node2: it has no directory /tmp/work: start from one on a file system that all hosts share"])

    def test_a_run_directory_that_nodes_do_not_share(self):
        self.launch(USAGE_ERROR, settings=["--set", "output_directory=/tmp/runs"],
                    says=["node1: it sees another directory, or none, as /tmp/runs/digits",
                          "node2: it sees another directory, or none, as /tmp/runs/digits",
                          "choose one that all hosts share, with --set output_directory=..."])
        self.cluster.run("login", "test", "-e", "/tmp/runs/digits", expect=1)

    def test_a_host_that_cannot_be_reached_is_named_and_the_others_train(self):
        self.write("hosts", "node1 slots=1\nnode9 slots=1\nnode2 slots=1\n")
        self.launch(0, says=["node9 is left out: does not answer (ssh: Could not resolve hostname node9",
                             "2 ranks on node1 node2"])

    def test_without_enough_hosts_it_says_for_which_it_waits(self):
        self.write("hosts", "node1 slots=1\nnode9 slots=1\n")
        self.launch(GAVE_UP, "--min-ranks", "2", "--wait-for-hosts", "1",
                    says=["node9 is left out", "waiting for hosts: those that answer (node1) have 1 slots, "
                          "needed are 2"])

    def test_more_ranks_than_slots(self):
        self.launch(USAGE_ERROR, "--np", "5",
                    says=["--np 5: the hosts of /run/shared/hosts have 4 slots in all (node1 2, node2 2)",
                          "add hosts or slots"])

    def test_hostfiles_that_make_no_sense(self):
        for text, reason in (("", "hosts: has no hosts"), ("node1\n", "hosts:1: how many ranks shall node1 run?"),
                             ("node1 slots=1\nnode1 slots=1\n", "hosts:2: node1 is there twice")):
            with self.subTest(text=text):
                self.write("hosts", text)
                self.launch(USAGE_ERROR, says=[reason])

    def test_no_data_on_one_node(self):
        self.write("job.textproto", re.sub("data {.*}", "data { mnist { digest: IGNORED } }", self.job))
        self.cluster.run("node1", self.program, "data", "make", "--dir", "/tmp/digits", "--train", "900", "--test",
                         "100")
        self.launch(DATA_ERROR, settings=["--data-dir", "/tmp/digits"],
                    says=["node2", "MNIST was not found", "/tmp/digits"])

    def test_data_that_the_nodes_have_and_the_launching_host_has_not_is_enough(self):
        for node in self.cluster.nodes:
            self.cluster.run(node, "/usr/bin/python3", "-c", WRITE_IMAGES)
        self.write("job.textproto", re.sub("data {.*}", 'data { hdf5 { train_file: "/tmp/images.h5" '
                                           'test_file: "/tmp/images.h5" } }', self.job))
        self.launch(0, says=["done"])

    def test_a_wrong_job_is_refused_before_any_host_is_asked(self):
        self.write("hosts", "node9 slots=1\n")
        self.launch(USAGE_ERROR, settings=["--set", "epochs=0"], says=["epochs: must be at least 1, is 0"])


class BadUseOfMpirunTest(ClusterTest):
    """What mpirun and the program say by themselves, without `launch`."""

    node_count = 2

    def mpirun(self, program, *settings, options=(), expect, says, **more):
        """mpirun must end with that code within seconds, and write each text of `says`."""
        start = time.monotonic()
        result = self.cluster.run("login", "mpirun", "--hostfile", "hosts", *options, program, "train", "job.textproto",
                                  "--set", "epochs=1", *settings, expect=None, **more)
        self.assertLess(time.monotonic() - start, SECONDS)
        if expect:
            self.assertEqual(result.returncode, expect, result.stderr)
        self.assertNotEqual(result.returncode, 0)
        for text in says:
            self.assertIn(text, result.stderr)

    def test_a_program_that_a_node_does_not_have(self):
        self.cluster.run("node1", "cp", self.program, "/tmp/lockstep")
        self.mpirun("/tmp/lockstep", expect=None, says=["/tmp/lockstep", "node2"])

    def test_another_build_on_a_node(self):
        (self.cluster.shared / "other").write_bytes(with_another_build_id(self.program.read_bytes()))
        self.cluster.run("node1", "cp", self.program, "/tmp/lockstep")
        self.cluster.run("node2", "install", "other", "/tmp/lockstep")
        self.mpirun("/tmp/lockstep", expect=USAGE_ERROR,
                    says=["(node2)", "/tmp/lockstep is another build here than on rank 0 (node1)",
                          "install the same program under the same path on all nodes"])

    def test_a_run_directory_that_nodes_do_not_share(self):
        self.mpirun("build/release/lockstep", "--set", "output_directory=/tmp/runs", expect=STORAGE_ERROR,
                    says=["(node2)", "/tmp/runs/digits is not the run directory that rank 0 (node1) uses",
                          "Choose an output directory that all nodes share"])

    def test_more_ranks_than_slots(self):
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_oversubscribe")}
        self.mpirun("build/release/lockstep", options=["-np", "5"], expect=None, env=environment,
                    says=["not enough slots available in the system to satisfy the 5"])


if __name__ == "__main__":
    sandbox.main(argument_count=1)
